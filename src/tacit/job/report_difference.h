// Two runs side by side: their figures, by how much they differ, and in which settings their jobs do.
#pragma once

#include "tacit/job/report.h"

namespace tacit {

struct ReportDifference {
  struct Figure {
    enum class Kind { Seconds, Size, Count, Metric };
    std::string name;
    Kind kind = Kind::Count;
    std::optional<double> a, b;  ///< where known
    /// (b - a) / a; nothing if one is not known, or a is 0.
    std::optional<double> relative() const;
  };
  struct Setting {
    std::string key, a, b;  ///< empty where a job has no such setting
  };
  std::vector<Figure> figures;    ///< of the whole run, then of phases
  std::vector<Setting> settings;  ///< those that differ
  bool same_job = false;          ///< by the jobs' hashes
  /// The jobs differ, and in nothing that reports hold.
  bool otherwise() const { return !same_job && settings.empty(); }
};

ReportDifference difference(const RunReport& a, const RunReport& b);
nlohmann::json to_json(const ReportDifference&);

/// What two runs are called to a reader: the files that hold them.
struct ReportNames {
  std::string a, b;
};
/// A page of its own, as html.h makes them.
std::string html_of(const RunReport& a, const RunReport& b, const ReportNames& names);

}  // namespace tacit
