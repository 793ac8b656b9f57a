// What seal and trace share: the database of customers, and a customer's copy of a model.
#pragma once

#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "commands.h"
#include "tacit/sealed/key_folder.h"
#include "tacit/trace/copy.h"

namespace tacit::app {

/// Where it is, by --customers or beside the vendor's keys.
fs::path customers_file(const fs::path& given, const fs::path& keys);

/// The copy that is asked for, noted in the database; nothing without --fingerprint.
std::optional<trace::MarkedCopy> fingerprinted(const SealOptions&, const sealed::VendorKeys&,
                                               sealed::Seconds now);
void tell_fingerprint(const trace::MarkedCopy&, const SealOptions&);
nlohmann::json to_json(const trace::MarkedCopy&, const SealOptions&);

/// Numbers of an NPY file: one example of that shape or several, [rows, ...].
PublicTensor examples_of(const fs::path& file, const Shape& example);

}  // namespace tacit::app
