// A vendor, a device that trusts it, and what passes between them, for tests.
#pragma once

#include "tacit/data/testing/files.h"
#include "tacit/sealed/open.h"
#include "tacit/sealed/seal.h"

namespace tacit::sealed {

/// The text of an opened model, which outside of tests the runtime alone may have.
struct OpenForTests {
  static Bytes text(OpenedModel& model) {
    Bytes out(model.header().text_size);
    const auto reader = model.text(RuntimeKey());
    reader->read(out);
    return out;
  }
  static std::unique_ptr<ByteReader> reader(OpenedModel& model) { return model.text(RuntimeKey()); }
};

}  // namespace tacit::sealed

namespace tacit::testing {

constexpr sealed::Seconds kNow = 1'800'000'000, kDay = 86400;

/// Bytes that look like nothing, the same for the same seed.
Bytes some_bytes(std::size_t size, unsigned seed = 1);

/// Of a segment that there is nowhere.
sealed::SplitTerms some_split_terms();

struct SealedWorld {
  SealedWorld();

  /// To the device, in small chunks, for a day.
  sealed::SealRequest request() const;
  std::filesystem::path seal(ByteView text, std::string_view name, const sealed::SealRequest& request) const;
  std::filesystem::path seal(ByteView text, std::string_view name = "m.tacit") const {
    return seal(text, name, request());
  }
  /// What the device reads of a file, all of it.
  Bytes open(const std::filesystem::path& file, sealed::Seconds clock = kNow) const;
  Bytes open_as(const sealed::DeviceKeys& other, const std::filesystem::path& file,
                sealed::Seconds clock = kNow) const;
  /// What happens instead: "usage: …", "cheat: …", "io: …", or "opened".
  std::string refusal(const std::filesystem::path& file, sealed::Seconds clock = kNow) const;
  /// The file's head with other facts, signed again by `by`, before what follows it.
  std::string with_header(const std::string& file, const sealed::Header& header, const Identity& by) const;

  ScratchFolder folder;
  Identity vendor = Identity::generate();
  sealed::VendorCard card{"ACME", vendor.public_key()};
  sealed::DeviceKeys device;
};

/// The header of a file's content.
sealed::Header header_of(const std::string& file);
/// What an action says when it throws: as SealedWorld::refusal.
template <class Action>
std::string outcome(Action&& action) {
  try {
    action();
  } catch (const UsageError& e) { return std::string("usage: ") + e.what(); } catch (const CheatDetected& e) {
    return std::string("cheat: ") + e.what();
  } catch (const IoError& e) { return std::string("io: ") + e.what(); }
  return "opened";
}

}  // namespace tacit::testing
