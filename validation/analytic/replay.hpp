#pragma once
// Closed form of replay verification: a verifier computes a response again in one prefill pass,
// which is bound by arithmetic, while decoding it was bound by memory.
namespace fieldsim::analytic {

struct ReplayModel {
  double parameters;     // that a token multiplies with
  double width, layers;  // hidden size; layers
  double weight_bytes;   // read by a decode step
  double kv_bytes;       // of a token
  double flops;          // FLOP/s, peak
  double bandwidth;      // B/s
  double mfu;            // share of `flops` that the replay reaches
};

// (2 P + 4 context d L) / (F mfu), s a token.
double replay_seconds(const ReplayModel& m, double context);
// (weights / BW) / batch + context kv / BW, s a token.
double decode_seconds(const ReplayModel& m, double batch, double context);
double replay_ratio(const ReplayModel& m, double batch, double context);

}  // namespace fieldsim::analytic
