// Runs independent tasks on some threads. Results must not depend on which thread runs a task.
#pragma once

#include <algorithm>
#include <atomic>
#include <thread>
#include <vector>

namespace ditherlab {

// Calls `run(task, worker)` for each task in [0, num_tasks); a worker runs one task at a time.
template <typename Run>
void run_parallel(int num_tasks, int num_threads, const Run& run) {
    const int num_workers = std::max(1, std::min(num_threads, num_tasks));
    std::atomic<int> next{0};
    const auto work = [&](int worker) {
        for (int task = next++; task < num_tasks; task = next++) run(task, worker);
    };
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(num_workers - 1));
    for (int worker = 1; worker < num_workers; ++worker) threads.emplace_back(work, worker);
    work(0);
    for (auto& thread : threads) thread.join();
}

}  // namespace ditherlab
