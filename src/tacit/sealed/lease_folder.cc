#include "tacit/sealed/lease_folder.h"

#include <algorithm>

#include "tacit/base/durable.h"
#include "tacit/base/error.h"
#include "tacit/crypto/os_entropy.h"

namespace tacit::sealed {

namespace fs = std::filesystem;

namespace {

// "tacit kept lease 1\n" | lease | boot (16 bytes) | seconds since then, when it was asked for (i64) | code
constexpr std::string_view kLeases = "leases", kKeptHead = "tacit kept lease 1\n";
constexpr std::size_t kKeptCode = 32, kLeaseAt = kKeptHead.size(), kKeptBootAt = kLeaseAt + kLeaseSize;
constexpr std::size_t kKeptSize = kKeptBootAt + 16 + sizeof(Seconds) + kKeptCode;

struct KeptLease {
  Lease lease;
  BootMoment asked;
};

std::string name_for(const FileId& file) {
  return (fs::path(kLeases) / (to_hex(ByteView(file)) + ".lease")).string();
}

Bytes text_of_kept(const DeviceKeys& device, const KeptLease& kept) {
  Bytes out;
  append_bytes(out, bytes_of(kKeptHead));
  append_bytes(out, to_bytes(kept.lease));
  append_bytes(out, kept.asked.boot);
  append(out, kept.asked.seconds);
  append_bytes(out, device.key.derive(out, "tacit device 1: kept lease", kKeptCode).bytes());
  return out;
}

/// Nothing if there is none for the file.
std::optional<KeptLease> read_kept(const DeviceKeys& device, const FileId& id) {
  const fs::path file = device.folder.file(name_for(id));
  std::error_code ignored;
  if (!fs::exists(file, ignored)) return std::nullopt;
  const auto changed = [&] {
    return CheatDetected(fmt::format(
        "the lease '{}' was changed: this program has not written it; remove it, and ask for another",
        file.string()));
  };
  PlainFile in(file);
  if (in.size() != kKeptSize) throw changed();
  Bytes bytes(kKeptSize);
  in.read(bytes);
  const ByteView view(bytes);
  if (text_of(view.first(kKeptHead.size())) != kKeptHead) throw changed();
  KeptLease out;
  try {
    out.lease = parse_lease(view.subspan(kLeaseAt, kLeaseSize));
  } catch (const UsageError&) { throw changed(); }
  out.asked.boot = read_at<std::array<std::byte, 16>>(view, kKeptBootAt);
  out.asked.seconds = read_at<Seconds>(view, kKeptBootAt + 16);
  if (!equal_in_constant_time(view, text_of_kept(device, out)) || out.lease.request.file != id ||
      out.lease.request.device != device_id(device.card.key) || out.asked.seconds < 0)
    throw changed();
  return out;
}

constexpr std::string_view kAsk = "ask the vendor with 'tacit device lease'";

}  // namespace

LeaseRequest new_lease_request(const DeviceKeys& device, const Header& file) {
  LeaseRequest out{file.vendor, device_id(device.card.key), file.id, {}};
  const SecretBytes random = os_entropy(out.nonce.size());
  std::copy(random.bytes().begin(), random.bytes().end(), out.nonce.begin());
  return out;
}

void keep_lease(const DeviceKeys& device, const LeaseRequest& request, const Lease& answer,
                const BootMoment& asked) {
  if (!(answer.request == request))
    throw CheatDetected("the lease answers another question than this device's: somebody sent an old one");
  if (!is_signed(answer)) throw CheatDetected("the lease is not signed by the model's vendor");
  const FileDescriptor held = device.folder.lock();
  make_folder(device.folder.file(kLeases), 0700);
  const auto before = read_kept(device, request.file);
  if (before && before->lease.request.vendor == request.vendor &&
      answer.revocations < before->lease.revocations)
    throw CheatDetected(fmt::format(
        "the vendor has forgotten what it revoked: its lease counts {} revocations, and an earlier one {}",
        answer.revocations, before->lease.revocations));
  // A refusal is kept, too: it ends what ran before.
  device.folder.replace(name_for(request.file), text_of(text_of_kept(device, {answer, asked})));
  require(answer.answer == LeaseAnswer::Granted,
          "the vendor has revoked the model, or this device's use of it, by {}", moment_text(answer.time));
}

Running running_lease(const DeviceKeys& device, const Header& file, const BootMoment& now) {
  const auto kept = read_kept(device, file.id);
  require(kept.has_value(), "the model runs under leases alone, and this device has none: {}", kAsk);
  const Lease& lease = kept->lease;
  if (lease.request.vendor != file.vendor)
    throw CheatDetected("the lease for the model is of another vendor");
  require(lease.answer == LeaseAnswer::Granted,
          "the vendor has revoked the model, or this device's use of it, by {}", moment_text(lease.time));
  require(kept->asked.boot == now.boot,
          "the lease for the model ended when this machine was started anew: {}", kAsk);
  if (now.seconds < kept->asked.seconds) throw CheatDetected("this machine's boot clock went back");
  // From the question on: the vendor answered later, so that no second is counted too few.
  const Seconds ran = now.seconds - kept->asked.seconds;
  require(ran < lease.seconds, "the lease for the model has ended, after {} seconds: {}", lease.seconds,
          kAsk);
  return {std::min(lease.time + ran, kLastMoment), lease.seconds - ran};
}

}  // namespace tacit::sealed
