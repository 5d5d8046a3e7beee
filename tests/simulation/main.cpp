#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include <unistd.h>

#include <CLI/CLI.hpp>

#include "tests/simulation/simulation.hpp"

namespace {

using namespace simulation;

// What is being run, for whoever reads the message of an assertion that did not hold.
char replay[256];  // NOLINT: read by a signal handler

extern "C" void say_how_to_replay(int) {
  const std::string_view text{replay};
  [[maybe_unused]] const auto written = ::write(STDERR_FILENO, text.data(), text.size());
}

void remember(const Options& options) {
  std::snprintf(replay, sizeof replay, "to run it again: %s\n", replay_command(options).c_str());
}

struct Seeds {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
};

std::optional<Seeds> parse_seeds(const std::string& text) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) return std::nullopt;
  try {
    const Seeds seeds{std::stoull(text.substr(0, dots)), std::stoull(text.substr(dots + 2))};
    if (seeds.first > seeds.last) return std::nullopt;
    return seeds;
  } catch (const std::exception&) {
    return std::nullopt;
  }
}

// Once more, this time with lines: the history is the same.
void explain(Options options) {
  options.lines = TraceLines::last;
  const Outcome outcome = Simulation(options).run();
  std::printf("\nthe last %zu lines of its trace:\n", outcome.last_lines.size());
  for (const std::string& line : outcome.last_lines) std::printf("  %s\n", line.c_str());
}

/// Totals of all seeds.
class Summary {
 public:
  void add(const Options& options, const Outcome& outcome) {
    ++seeds_;
    events_ += outcome.events;
    publications_ += outcome.publications;
    account_hours_ += static_cast<double>(completed(options).accounts) *
                      static_cast<double>(outcome.ended_at.count()) / 3.6e9;
  }

  void print(const Options& options, std::clock_t started) const {
    const double seconds =
        static_cast<double>(std::clock() - started) / static_cast<double>(CLOCKS_PER_SEC);
    std::printf(
        "%s: %llu seeds, %.0f account-hours, %llu events, %llu publications, "
        "%.1f s of CPU, %.0f account-hours per minute of CPU\n",
        std::string(profile_text(options.profile)).c_str(), static_cast<unsigned long long>(seeds_),
        account_hours_, static_cast<unsigned long long>(events_),
        static_cast<unsigned long long>(publications_), seconds, account_hours_ / seconds * 60);
  }

 private:
  std::uint64_t seeds_ = 0;
  std::uint64_t events_ = 0;
  std::uint64_t publications_ = 0;
  double account_hours_ = 0;
};

int run(Options options, const Seeds& seeds) {
  const std::clock_t started = std::clock();
  Summary summary;
  for (options.seed = seeds.first; options.seed <= seeds.last; ++options.seed) {
    remember(options);
    const Outcome outcome = Simulation(options).run();
    summary.add(options, outcome);
    if (seeds.first == seeds.last)
      std::printf("trace hash %016llx\n", static_cast<unsigned long long>(outcome.trace_hash));
    if (!outcome.violation) continue;
    std::printf("seed %llu: at %s %s is violated:\n  %s\n",
                static_cast<unsigned long long>(options.seed), to_text(outcome.ended_at).c_str(),
                std::string(outcome.violation->checker).c_str(), outcome.violation->text.c_str());
    if (options.lines == TraceLines::none) explain(options);
    std::printf("\nto run it again: %s\n", replay_command(options).c_str());
    return 1;
  }
  summary.print(options, started);
  return 0;
}

}  // namespace

int main(int argc, char** argv) {
  Options options;
  Seeds seeds;
  std::string range;
  std::string profile = std::string(profile_text(options.profile));
  std::string mutant = std::string(mutant_text(options.mutant));
  std::vector<std::string> without;
  int reconcile_s = 0;
  int trades_s = 0;
  bool prints_trace = false;

  CLI::App app{"Runs the bridge's sessions against the simulated exchange in virtual time."};
  auto* const seed = app.add_option("--seed", seeds.first, "one seed, one history");
  app.add_option("--seeds", range, "FIRST..LAST")->excludes(seed);
  app.add_option("--accounts", options.accounts, "0, here and below: by profile")
      ->check(CLI::Range(0, 2000))
      ->capture_default_str();
  app.add_option("--hours", options.hours, "of virtual time, before faults stop")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  app.add_option("--profile", profile, "calm, faults, storm or wide")->capture_default_str();
  app.add_option("--mutant", mutant, "plants a fault that a checker must find")
      ->capture_default_str();
  app.add_option("--reconcile", reconcile_s, "seconds between two comparisons over REST")
      ->check(CLI::Range(0, 3600))
      ->capture_default_str();
  app.add_option("--trades", trades_s, "seconds between two trades of an account")
      ->check(CLI::Range(0, 86'400))
      ->capture_default_str();
  app.add_option("--without", without,
                 "leaves out a group of faults: network, exchange, requests, clock or machine");
  app.add_flag("--trace", prints_trace, "prints a line for everything that happens");
  CLI11_PARSE(app, argc, argv);

  const auto profile_name = parse_profile(profile);
  const auto mutant_name = parse_mutant(mutant);
  seeds.last = seeds.first;
  const auto parsed = range.empty() ? std::optional(seeds) : parse_seeds(range);
  if (!profile_name || !mutant_name || !parsed) {
    std::fprintf(stderr, "no such profile, mutant or range of seeds; see --help\n");
    return 64;
  }
  for (const std::string& text : without) {
    const auto group = parse_fault_group(text);
    if (!group) {
      std::fprintf(stderr, "there are no faults of '%s'; see --help\n", text.c_str());
      return 64;
    }
    options.without.insert(*group);
  }
  options.reconcile_interval = std::chrono::seconds{reconcile_s};
  options.trade_interval = std::chrono::seconds{trades_s};
  options.profile = *profile_name;
  options.mutant = *mutant_name;
  if (prints_trace) options.lines = TraceLines::print;
  std::signal(SIGABRT, say_how_to_replay);
  return run(options, *parsed);
}
