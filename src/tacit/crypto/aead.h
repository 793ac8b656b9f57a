// Authenticated encryption of long byte strings: AES-256-GCM (NIST SP 800-38D), by OpenSSL, chunk by chunk,
// in the manner of STREAM (Hoang, Reyhanitabar, Rogaway, Vizar, "Online authenticated-encryption and its
// nonce-reuse misuse-resistance", 2015): a chunk's nonce says which it is and whether it is the last, so that
// none can be left out, put elsewhere, repeated or cut off unseen.
//
// Security needs one thing of the caller: a key seals one stream, ever. Nonces begin at zero in each.
#pragma once

#include <cstdint>
#include <memory>

#include "tacit/base/byte_stream.h"
#include "tacit/base/secret_bytes.h"

struct evp_cipher_ctx_st;

namespace tacit {

constexpr std::size_t kSealKeySize = 32;
constexpr std::size_t kSealTagSize = 16;
/// Plain bytes of every chunk but the last, which has fewer or as many, and none only if it is the only one.
constexpr std::size_t kSealChunk = 1 << 16;

/// One chunk at a time, in place: what the streams below are made of, and files of which any chunk is read
/// (sealed_chunks.h). A number seals one text, ever.
class ChunkCipher {
 public:
  /// `associated` is not stored, and must be the same for whoever opens.
  ChunkCipher(ByteView key, ByteView associated, bool sealing);
  /// Of `chunk` the last kSealTagSize bytes become the tag of those before.
  void seal(std::uint64_t number, bool last, ByteSpan chunk);
  /// The text is then in the bytes before the tag. False, when they are of no use, at a wrong tag: another
  /// key, number or end, other associated data, or damaged bytes.
  bool open(std::uint64_t number, bool last, ByteSpan chunk);
  /// The text of the bytes `sealed`, which are those of a chunk from `at` on, with no look at its tag: only
  /// for a chunk that was opened before, from where nobody can have changed it since. For opening ciphers
  /// alone.
  void reopen(std::uint64_t number, bool last, std::size_t at, ByteView sealed, ByteSpan out);

 private:
  using Cipher = std::unique_ptr<evp_cipher_ctx_st, void (*)(evp_cipher_ctx_st*)>;
  void begin(std::uint64_t number, bool last);
  Cipher cipher_, counter_;  // counter_: AES in counter mode, which is what GCM enciphers by
  Bytes associated_;
};

class Sealer : public ByteWriter {
 public:
  /// `associated` is not stored, and must be the same at the opener.
  Sealer(ByteView key, ByteView associated, ByteWriter& to);
  ~Sealer() override;
  void write(ByteView plain) override;
  /// Seals what is left: once, at the end. Without it nobody can open the stream.
  void finish();

 private:
  void seal(bool last);
  ChunkCipher cipher_;
  ByteWriter& to_;
  SecretBytes chunk_;
  std::size_t filled_ = 0;
  std::uint64_t count_ = 0;
};

/// Gives out no byte before the tag of its chunk was found right.
class Opener : public ByteReader {
 public:
  /// `sealed`: the bytes that `from` has. UsageError if a stream cannot have as many.
  Opener(ByteView key, ByteView associated, ByteReader& from, std::uint64_t sealed);
  ~Opener() override;
  /// UsageError at a wrong tag: another key, other associated data, or damaged bytes.
  void read(ByteSpan plain) override;
  /// UsageError unless all was read.
  void finish();

 private:
  void open();
  ChunkCipher cipher_;
  ByteReader& from_;
  std::uint64_t left_;  ///< sealed bytes that were not taken yet
  SecretBytes chunk_;
  std::size_t at_ = 0, filled_ = 0;
  std::uint64_t count_ = 0;
};

}  // namespace tacit
