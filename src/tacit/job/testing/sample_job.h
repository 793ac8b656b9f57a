// For tests: a job file in which every key stands, and its variants.
#pragma once

#include <string>

#include "tacit/data/testing/files.h"
#include "tacit/job/job.h"

namespace tacit::testing {

/// A job of three parties and two owners (north, south) that uses every section.
std::string sample_job_text();
/// The same with `from`, which must occur once, replaced.
std::string sample_job_text(std::string_view from, std::string_view to);
/// Small, for what runs: numbers a and b and a binary label of owners north and south, one dense layer, no
/// releases but the metric.
std::string small_job_text();

/// Reads a job from its text; the file is called job.toml.
Job read_job_text(const ScratchFolder& folder, std::string_view text, Keys keys = Keys::Needed);
/// The message with which a text is refused.
std::string refusal(std::string_view text, Keys keys = Keys::Needed);
/// The number of the line on which `part` begins.
std::size_t line_of(std::string_view text, std::string_view part);

}  // namespace tacit::testing
