// Worker threads that share the work of a step with the calling thread. After about 0.1 ms without work a worker waits
// in the kernel, so that an idle assistant uses no processor time.
#pragma once
#include <immintrin.h>

#include <atomic>
#include <cstdint>
#include <thread>
#include <type_traits>
#include <vector>

class ThreadPool {
 public:
  explicit ThreadPool(int threads) {
    for (int i = 1; i < threads; i++) workers_.emplace_back([this] { work(); });
  }

  ~ThreadPool() {
    stopping_ = true;
    wake();
    for (auto& worker : workers_) worker.join();
  }

  int threads() const { return int(workers_.size()) + 1; }

  // Calls body(unit) for every unit, in any order, on up to `threads()` threads; returns when all are done.
  template <class Body>
  void run(int units, bool parallel, Body&& body) {
    if (!parallel || units == 1 || workers_.empty()) {
      for (int unit = 0; unit < units; unit++) body(unit);
      return;
    }
    call_ = [](void* context, int unit) { (*static_cast<std::remove_reference_t<Body>*>(context))(unit); };
    context_ = &body;
    done_.store(0, std::memory_order_relaxed);
    ticket_.store((uint64_t(++epoch_ & 0xffffff) << 40) | (uint64_t(units) << 20));
    if (sleeping_.load()) wake();
    while (claim()) {
    }
    // Waits only for workers that have claimed a unit, never for one that is still waking up.
    for (int spins = 0; done_.load(std::memory_order_acquire) < uint32_t(units); spins++) {
      if (spins < kSpins) _mm_pause();
      else std::this_thread::yield();
    }
  }

 private:
  static constexpr int kSpins = 1500;

  // A ticket is (epoch, units, next unit) in one word: claiming and checking are one atomic addition, and a worker that
  // wakes up late cannot claim a unit of a finished loop.
  static bool open(uint64_t ticket) { return (ticket & 0xfffff) < ((ticket >> 20) & 0xfffff); }

  bool claim() {
    if (!open(ticket_.load(std::memory_order_acquire))) return false;
    uint64_t ticket = ticket_.fetch_add(1, std::memory_order_acq_rel);
    if (!open(ticket)) return false;
    call_(context_, int(ticket & 0xfffff));
    done_.fetch_add(1, std::memory_order_release);
    return true;
  }

  void work() {
    int idle = 0;
    while (!stopping_) {
      if (claim()) idle = 0;
      else if (++idle < kSpins) _mm_pause();
      else sleep(), idle = 0;
    }
  }

  void sleep() {
    uint32_t call = calls_.load();
    sleeping_.fetch_add(1);
    if (!open(ticket_.load()) && !stopping_) calls_.wait(call);
    sleeping_.fetch_sub(1);
  }

  void wake() {
    calls_.fetch_add(1);
    calls_.notify_all();
  }

  alignas(64) std::atomic<uint64_t> ticket_{0};
  alignas(64) std::atomic<uint32_t> done_{0};
  alignas(64) std::atomic<uint32_t> sleeping_{0};
  std::atomic<uint32_t> calls_{0};
  std::atomic<bool> stopping_{false};
  uint32_t epoch_ = 0;
  void (*call_)(void*, int) = nullptr;
  void* context_ = nullptr;
  std::vector<std::thread> workers_;
};
