// An audit as a page to read: who gets what of the model, the curves of imitations, drawn and as a table, and
// what keeping layers back is worth.
#pragma once

#include "tacit/audit/partition.h"

namespace tacit::audit {

/// What was audited.
struct AuditedModel {
  std::string name, vendor, level_name;
  unsigned level = 1;       ///< 0: a model that is not sealed
  std::string fingerprint;  ///< whose copy it is; empty at level 1
  bool random = false;      ///< asked about random examples
};

/// What an attacker gets who controls a device of a recipient: the same at every curve.
std::string insider_words(const AuditedModel& model);
/// "the same layers, all kept back", "all layers but 2-3"
std::string thief_words(const Curve& curve);
/// What the search found, in a sentence or two.
std::string protection_words(const PartitionAudit& partition);
/// What becomes of layers of a simple form; empty if those that were named have none.
std::string algebra_words(const PartitionAudit& partition);

/// Self-contained HTML, as of reports (job/html.h). Names are escaped. `partition`: null if no layers were
/// kept back.
std::string steal_page(const AuditedModel& model, const StealAudit& audit,
                       const PartitionAudit* partition = nullptr);

}  // namespace tacit::audit
