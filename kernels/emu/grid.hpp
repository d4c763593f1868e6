#pragma once
// A CUDA grid on the CPU: one fiber per thread, CTAs one after another in random order, threads in
// random order between synchronisation points. It is stricter than a GPU where it can be:
//   - shared memory starts as NaN bytes;
//   - a cp.async lands as late as the program allows (at wait_group), and until then its
//     destination holds NaN bytes;
//   - warp collectives order nothing but themselves; __syncwarp and barriers do.
// Deadlocks and shared-memory addresses out of range end the launch with an outcome that says so.
#include <cstddef>
#include <cstdint>
#include <functional>

#include "kernels/tiling.hpp"

namespace fieldsim::kernels::emu {

enum class Outcome { ok, deadlock, shared_out_of_range };
const char* to_string(Outcome outcome);

// What the launches since the last reset did: exact counts, the basis of the IO tests.
struct Counters {
  std::uint64_t launches = 0;
  std::uint64_t ctas = 0;
  std::uint64_t copies = 0;         // cp.async instructions of one thread
  std::uint64_t global_bytes = 0;   // read by them
  std::uint64_t mma = 0;            // warp-level
  std::uint64_t load_matrix = 0;    // warp-level
  std::uint64_t barriers = 0;       // block-level
  std::uint64_t exp2 = 0;           // thread-level
  std::uint64_t partial_bytes = 0;  // read by load_l2
};
Counters& counters();

Outcome launch(int grid, int threads, std::size_t smem_bytes, const std::function<void()>& body,
               std::uint64_t seed);

// ---- Called by prim:: from inside a thread.
int thread_index();
int block_index();
std::uint8_t* shared_bytes();
void sync_warp();
void sync_block();
void cp_async16(std::uint32_t dst, const void* src, bool valid);
void cp_commit();
void cp_wait(int pending);
void load_matrix(std::uint32_t (&r)[4], std::uint32_t row, bool transpose);
void mma(DType type, float (&c)[4], const std::uint32_t (&a)[4], std::uint32_t b0,
         std::uint32_t b1);
float shuffle_xor(float value, int mask);
unsigned arrive(std::uint32_t* counter, unsigned limit);
void count_exp2();
void count_partial_read(std::size_t bytes);

}  // namespace fieldsim::kernels::emu
