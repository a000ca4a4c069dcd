// Runs independent tasks on some threads. Results must not depend on which thread runs a task.
#pragma once

#include <algorithm>
#include <atomic>
#include <exception>
#include <mutex>
#include <thread>
#include <vector>

namespace ditherlab {

// Calls `run(task, worker)` for each task in [0, num_tasks); a worker runs one task at a time. An
// exception ends the work and is thrown here, whichever thread it came from.
template <typename Run>
void run_parallel(int num_tasks, int num_threads, const Run& run) {
    const int num_workers = std::max(1, std::min(num_threads, num_tasks));
    std::atomic<int> next{0};
    std::exception_ptr failure;
    std::mutex failing;
    const auto work = [&](int worker) {
        try {
            for (int task = next++; task < num_tasks; task = next++) run(task, worker);
        } catch (...) {
            next = num_tasks;
            const std::lock_guard<std::mutex> lock(failing);
            failure = std::current_exception();
        }
    };
    std::vector<std::thread> threads;
    threads.reserve(static_cast<std::size_t>(num_workers - 1));
    for (int worker = 1; worker < num_workers; ++worker) {
        try {
            threads.emplace_back(work, worker);
        } catch (const std::exception&) {
            // There are no more threads, or no memory for one; those that there are do the work.
            break;
        }
    }
    work(0);
    for (auto& thread : threads) thread.join();
    if (failure) std::rethrow_exception(failure);
}

}  // namespace ditherlab
