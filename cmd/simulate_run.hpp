// One run of a simulation, on a database of its own or on products of its own.
#pragma once

#include "simulate_report.hpp"
#include "simulate_stop.hpp"

namespace invctl::cmd {

// Makes the place, lets the requests loose on it, judges what came of it, and clears up. Nothing where a
// signal ended it. Throws Error.
std::optional<RunReport> run_once(Context& context, const SimulationPlan& plan, const sim::Strategy& strategy,
                                  int round, StopSignals& signals);

}  // namespace invctl::cmd
