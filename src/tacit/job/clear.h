// The same training in the clear, in double precision, by someone who has all the data: what a private run is
// held against. Only drivers on public data call this; no party and no owner can.
#pragma once

#include "tacit/job/report.h"

namespace tacit {

struct ClearRun {
  std::vector<LossPoint> loss;  ///< at the steps asked for
  double metric = 0;
  std::vector<PublicTensor> parameters;  ///< in the graph's order
};

/// `data` are the files of the job's data owners, in the job's order. `loss_points`: how many losses to note.
ClearRun run_clear(const Job& job, const std::vector<DataFiles>& data, std::size_t loss_points,
                   const std::function<void(std::size_t done, std::size_t total)>& progress);

/// The exported model (as its file reads) against fixed-point arithmetic on the same parameters, over the
/// test rows: what differs between the private model and the file.
RunReport::Agreement compare_model(const Job& job, const std::vector<DataFiles>& data,
                                   const nn::Graph& exported, const std::vector<PublicTensor>& parameters);

}  // namespace tacit
