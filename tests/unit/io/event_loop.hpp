#pragma once

#include <chrono>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>

namespace bridge::testing {

// How long a test waits for what must happen. Only a failing test ever waits so long.
constexpr std::chrono::seconds patience{10};

// A loop that runs as long as a test asks it to.
class EventLoop {
 public:
  boost::asio::io_context& context() { return context_; }

  // Whether the condition came true in time.
  template <class Condition>
  bool run_until(Condition condition) {
    const auto deadline = std::chrono::steady_clock::now() + patience;
    while (!condition()) {
      if (std::chrono::steady_clock::now() > deadline) return false;
      context_.run_one_for(std::chrono::milliseconds{1});
    }
    return true;
  }

  // Everything that is ready now, and what follows from it at once.
  void run_ready() { context_.poll(); }

 private:
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<boost::asio::io_context::executor_type> work_{
      context_.get_executor()};
};

// Waits for something that another thread does.
template <class Condition>
bool wait_until(Condition condition) {
  EventLoop loop;
  return loop.run_until(condition);
}

}  // namespace bridge::testing
