#include "tacit/sealed/seal.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "tacit/base/error.h"
#include "tacit/crypto/aead.h"
#include "tacit/crypto/os_entropy.h"
#include "tacit/sealed/keys_of_a_file.h"
#include "tacit/sealed/merkle.h"

namespace tacit::sealed {

namespace fs = std::filesystem;

namespace {

[[noreturn]] void fail(const fs::path& file, std::string_view happens) {
  const int error = errno;
  const bool full = error == ENOSPC || error == EDQUOT || error == EFBIG;
  throw IoError(fmt::format("the file '{}' cannot be {}: {}{}", file.string(), happens, std::strerror(error),
                            full ? ": make room on the disk" : ""));
}

/// A new file whose head is written last, when the rest is known.
class Draft {
 public:
  explicit Draft(fs::path file)
      : path_(std::move(file)),
        fd_(::open(path_.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600)) {
    if (!fd_) fail(path_, "made");
  }
  void put(std::uint64_t at, ByteView bytes) {
    while (!bytes.empty()) {
      const ssize_t wrote = ::pwrite(fd_.get(), bytes.data(), bytes.size(), static_cast<off_t>(at));
      if (wrote < 0 && errno == EINTR) continue;
      if (wrote <= 0) fail(path_, "written");
      at += static_cast<std::uint64_t>(wrote);
      bytes = bytes.subspan(static_cast<std::size_t>(wrote));
    }
  }
  void sync() {
    if (::fsync(fd_.get()) != 0) fail(path_, "synced");
  }

 private:
  fs::path path_;
  FileDescriptor fd_;
};

FileId fresh_id() {
  const SecretBytes random = os_entropy(sizeof(FileId));
  FileId out;
  std::memcpy(out.data(), random.bytes().data(), out.size());
  return out;
}

Header facts(std::uint64_t size, const SealRequest& r, ByteView content_key) {
  Header h;
  h.id = fresh_id();
  h.level = r.level;
  h.vendor = r.vendor.public_key();
  h.vendor_name = r.vendor_name;
  h.model_name = r.model_name;
  h.sealed_at = r.sealed_at;
  h.expires = r.expires;
  h.text_size = size;
  h.chunk = r.chunk;
  h.fingerprint = r.fingerprint;
  h.lease = r.lease;
  h.split = r.split;
  h.commitment = commitment_to(content_key, h.id);
  return h;
}

void wrap(Header& h, const SealRequest& r, ByteView content_key) {
  const Bytes bound = facts_of(h);
  for (const KemPublicKey& to : r.to) {
    Wrap w{to.kem, device_id(to), {}, {}};
    HpkeSender sender(kWrapCipher, to, wrap_info(h.id, h.vendor, w.recipient));
    w.enc = sender.enc();
    w.sealed = sender.seal(bound, content_key);
    h.wraps.push_back(std::move(w));
  }
  std::sort(h.wraps.begin(), h.wraps.end(),
            [](const Wrap& a, const Wrap& b) { return a.recipient < b.recipient; });
}

/// Seals chunk after chunk into the draft; their digests.
std::vector<Digest> put_chunks(const Header& h, ByteView content_key, ByteReader& text, Draft& draft,
                               std::uint64_t at) {
  const Digest bound = sha256(facts_of(h));
  ChunkCipher cipher(chunk_key(content_key, h.id).bytes(), bound, true);
  // It holds text until that is sealed.
  SecretBytes chunk(h.chunk + kSealTagSize);
  std::vector<Digest> digests;
  std::uint64_t left = h.text_size;
  for (std::uint64_t number = 0; left > 0; ++number) {
    const auto now = static_cast<std::size_t>(std::min<std::uint64_t>(left, h.chunk));
    const ByteSpan sealed = chunk.bytes().first(now + kSealTagSize);
    text.read(sealed.first(now));
    left -= now;
    cipher.seal(number, left == 0, sealed);
    digests.push_back(leaf_digest(sealed));
    draft.put(at, sealed);
    at += sealed.size();
  }
  return digests;
}

}  // namespace

Header seal(ByteReader& text, std::uint64_t size, const fs::path& out, const SealRequest& request,
            const DiskStep& before) {
  const fs::path part = out.string() + ".part";
  const auto step = [&](std::string_view name) {
    if (before) before(name);
  };
  const SecretBytes content_key = os_entropy(kContentKeySize);
  Header header = facts(size, request, content_key.bytes());
  wrap(header, request, content_key.bytes());
  // The head's size is that of its last form, and what no header may hold is refused before anything is
  // written.
  const Layout layout = layout_of(header, to_bytes(header).size());
  try {
    step("remove an old part");
    remove_file(part);
    {
      step("make the file");
      Draft draft(part);
      step("write the chunks");
      const std::vector<Digest> digests = put_chunks(header, content_key.bytes(), text, draft, layout.chunks);
      header.root = merkle_root(digests);
      const Bytes head = to_bytes(header);
      step("write the digests");
      draft.put(layout.digests, std::as_bytes(std::span(digests)));
      draft.put(layout.digests - kSignatureSize, request.vendor.sign(signed_text(head)));
      step("write the head");
      draft.put(0, head);
      step("sync the file");
      draft.sync();
    }
    step("rename the file");
    std::error_code error;
    fs::rename(part, out, error);
    if (error)
      throw IoError(fmt::format("the file '{}' cannot be written: {}", out.string(), error.message()));
  } catch (const std::exception&) {  // the disk's failure, or what `text` throws
    remove_file(part);
    throw;
  }
  step("sync the folder");
  sync_folder(out.has_parent_path() ? out.parent_path() : ".");
  return header;
}

}  // namespace tacit::sealed
