// Group commit: one writer posts what many ask for at the same time as one batch.
#pragma once

#include <condition_variable>
#include <deque>
#include <exception>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

#include "sim/worker.hpp"

namespace invctl::sim {

// While one batch is written the next one gathers: nobody waits for others to come, and the busier it is, the
// larger the batches are. They are posted in the order in which they were asked for.
class Combiner {
 public:
  using Done = std::function<void(PostResult)>;

  // Opens a session of its own, in its thread. Throws what opening throws.
  Combiner(OpenSession open, const WorkerOptions& options);
  // What was asked for is posted first.
  ~Combiner();
  Combiner(const Combiner&) = delete;
  Combiner& operator=(const Combiner&) = delete;

  // `done` is called by the writer's thread, once the batch is durable or has failed.
  void submit(Operation operation, Done done);
  // Waits for it.
  PostResult post(Operation operation);

 private:
  struct Wanted {
    Operation operation;
    Done done;
  };
  void work();
  std::vector<Wanted> next_batch();
  void write(Session& session, std::vector<Wanted>& batch) const;

  OpenSession open_;
  const WorkerOptions& options_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Wanted> waiting_;
  bool open_done_ = false, closing_ = false;
  std::exception_ptr failure_;
  std::thread thread_;
};

}  // namespace invctl::sim
