// A TPM 2.0 in software (Debian's swtpm) on a Unix socket, for tests. What only a test does to a TPM goes
// over that socket as the bytes of the specification.
#pragma once

#include <sys/types.h>

#include "tacit/base/bytes.h"
#include "tacit/data/testing/files.h"

namespace tacit::testing {

class SoftwareTpm {
 public:
  /// Whether Debian's package swtpm is there.
  static bool there();
  SoftwareTpm();
  ~SoftwareTpm();
  SoftwareTpm(const SoftwareTpm&) = delete;

  std::filesystem::path at() const { return folder_.path("tpm"); }
  /// Off and on again, with all that it remembers: registers begin anew.
  void restart();
  /// Measures something into a register, as firmware does.
  void extend(unsigned pcr) const;
  /// Nobody may guess a password until the lock-out is over.
  void lock() const;
  /// A password for the hierarchy of its owner.
  void own() const;

 private:
  void start();
  void stop();
  void command(const Bytes& body) const;

  ScratchFolder folder_;
  pid_t child_ = -1;
};

}  // namespace tacit::testing
