#pragma once
// A binary heap of pointers to things that carry their `key` and their `place` in the heap, so that
// one whose key changed, or that leaves from the middle, is found at once.
#include <cstddef>
#include <vector>

namespace fieldsim::des::detail {

template <class T>
class IndexedHeap {
 public:
  bool empty() const { return heap_.empty(); }
  T* top() const { return heap_.front(); }  // smallest key

  void insert(T* item) {
    heap_.push_back(item);
    put(heap_.size() - 1, item);
    update(item);
  }
  void remove(T* item) {
    T* last = heap_.back();
    heap_.pop_back();
    if (last == item) return;
    put(item->place, last);
    update(last);
  }
  void update(T* item) {  // after its key changed
    up(item->place);
    down(item->place);
  }

 private:
  void put(std::size_t i, T* item) {
    heap_[i] = item;
    item->place = i;
  }

  void up(std::size_t i) {
    T* item = heap_[i];
    for (; i > 0 && item->key < heap_[(i - 1) / 2]->key; i = (i - 1) / 2)
      put(i, heap_[(i - 1) / 2]);
    put(i, item);
  }

  void down(std::size_t i) {
    T* item = heap_[i];
    for (std::size_t child = 2 * i + 1; child < heap_.size(); child = 2 * i + 1) {
      if (child + 1 < heap_.size() && heap_[child + 1]->key < heap_[child]->key) ++child;
      if (!(heap_[child]->key < item->key)) break;
      put(i, heap_[child]);
      i = child;
    }
    put(i, item);
  }

  std::vector<T*> heap_;
};

}  // namespace fieldsim::des::detail
