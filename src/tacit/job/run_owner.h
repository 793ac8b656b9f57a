// An owner's part in a job: bring data, and collect what the policy gives it.
#pragma once

#include "tacit/job/run_party.h"
#include "tacit/job/upload.h"

namespace tacit {

struct OwnerOptions {
  std::optional<DataFiles> data;  ///< to bring, or to ask about
  bool collect = false;           ///< stay until the end of training and take what is released
  bool ask = false;               ///< the data are to be predicted on
  std::filesystem::path out;      ///< folder for what is received
  OwnerReturn back = {};          ///< after a break in the middle of an upload
  std::function<void(const Progress&)> progress;
};

struct Received {
  std::string what, note;
  PublicTensor value;
};

struct OwnerResult {
  std::vector<Received> received;
  RunReport report;  ///< of the run, if it was stayed for
};

OwnerResult run_owner(const Job& job, PartyId self, Transport& wire, const Identity& identity,
                      const std::string& mode, const OwnerOptions& options);

}  // namespace tacit
