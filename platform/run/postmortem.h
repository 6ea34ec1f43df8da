// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <filesystem>
#include <string>
#include <vector>

#include "report/json_report.h"
#include "run/flight_recorder.h"
#include "run/inspection.h"

namespace epoch {

// What is written about a run that failed: one text file a question.
struct PostMortem {
  struct File {
    std::string name;
    std::string text;
  };
  std::vector<File> files;

  // Makes the folder if need be and replaces these files in it. Returns what went wrong, "" if
  // nothing did: a failure here must not hide the one that is reported.
  std::string write(const std::filesystem::path& folder) const;
};

PostMortem make_post_mortem(const RunSummary& summary, const Inspection& platform,
                            const FlightRecorder& recorder, const AccessText& access_text,
                            const std::string& uart_tail);

}  // namespace epoch
