#include "bridge/app/observe/process_metrics.hpp"

#include <sys/resource.h>
#include <sys/time.h>
#include <unistd.h>

#include <cstdint>
#include <filesystem>
#include <fstream>
#include <system_error>

#include "bridge/app/observe/metric_families.hpp"

namespace bridge {
namespace {

double in_seconds(const timeval& time) {
  return static_cast<double>(time.tv_sec) + static_cast<double>(time.tv_usec) / 1e6;
}

// Pages of virtual and resident memory.
struct MemoryPages {
  std::uint64_t virtual_pages = 0;
  std::uint64_t resident_pages = 0;
};

MemoryPages read_memory_pages() {
  MemoryPages pages;
  std::ifstream{"/proc/self/statm"} >> pages.virtual_pages >> pages.resident_pages;
  return pages;
}

std::uint64_t count_open_fds() {
  std::error_code error;
  std::uint64_t count = 0;
  for (auto entry = std::filesystem::directory_iterator{"/proc/self/fd", error};
       !error && entry != std::filesystem::directory_iterator{}; entry.increment(error)) {
    ++count;
  }
  return count > 0 ? count - 1 : 0;  // less the one that was open for counting
}

prometheus::MetricFamily one(MetricFamilyBuilder family, double value) {
  family.add({}, value);
  return family.take();
}

}  // namespace

std::vector<prometheus::MetricFamily> collect_process_metrics(WallTime started) {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  rlimit fds{};
  getrlimit(RLIMIT_NOFILE, &fds);
  const MemoryPages pages = read_memory_pages();
  const auto page_size = static_cast<double>(sysconf(_SC_PAGESIZE));

  return {
      one(counter_family("process_cpu_seconds_total", "User and system CPU time spent."),
          in_seconds(usage.ru_utime) + in_seconds(usage.ru_stime)),
      one(gauge_family("process_open_fds", "Open file descriptors."),
          static_cast<double>(count_open_fds())),
      one(gauge_family("process_max_fds", "File descriptors that may be open."),
          static_cast<double>(fds.rlim_cur)),
      one(gauge_family("process_resident_memory_bytes", "Memory in RAM."),
          static_cast<double>(pages.resident_pages) * page_size),
      one(gauge_family("process_virtual_memory_bytes", "Address space in use."),
          static_cast<double>(pages.virtual_pages) * page_size),
      one(gauge_family("process_start_time_seconds", "Start of the process, since 1970."),
          static_cast<double>(to_us(started)) / 1e6),
  };
}

}  // namespace bridge
