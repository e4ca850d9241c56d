// DiagramPage: a Diagram as one HTML page that needs nothing but itself.
//
// Shape    data as JSON, and a style and a script that draw it (simulation/diagram_script.cc). The
//          script puts text into the page as text alone, and the page forbids itself to load
//          anything: what people typed stays what they typed.
#pragma once

#include <string>
#include <string_view>

#include "simulation/diagram.h"
#include "simulation/plan.h"
#include "simulation/run.h"

namespace simulation {

[[nodiscard]] std::string page_of(const Diagram& diagram, const Plan& plan, const Report& report);

extern const std::string_view kPageStyle;
extern const std::string_view kPageBody;
extern const std::string_view kPageScript;

}  // namespace simulation
