// An audit as a page to read: who gets what of the model, and the curve of imitations, drawn and as a table.
#pragma once

#include "tacit/audit/steal.h"

namespace tacit::audit {

/// What was audited.
struct AuditedModel {
  std::string name, vendor, level_name;
  unsigned level = 1;
  std::string fingerprint;  ///< whose copy it is; empty at level 1
  bool random = false;      ///< asked about random examples
};

/// What an attacker gets who controls a device of a recipient: the same at every curve.
std::string insider_words(const AuditedModel& model);

/// Self-contained HTML, as of reports (job/html.h). Names are escaped.
std::string steal_page(const AuditedModel& model, const StealAudit& audit);

}  // namespace tacit::audit
