// A process in which secrets lie in memory and nowhere else. What holds such secrets asks for a
// HardenedProcess in its constructor, and there is one only if every promise below was kept:
//
//   core dumps   none: the process is not dumpable, and its limit is zero
//   other users  none of them, nor another process of the same user, may attach to it or read its memory
//   swap         all memory is locked, now and later
//   what is freed  is zeroed, by a free() of the program's own (apps/broker/zeroing_free.cc)
//
// Root, with a debugger, is not stopped.
#pragma once

namespace tacit {

/// Proof that this program's free() and realloc() zero what they give back. Only programs that link them have
/// the function that makes it.
class ZeroingFree {
  friend ZeroingFree zeroing_free();
  ZeroingFree() {}
};
ZeroingFree zeroing_free();

class HardenedProcess {
 public:
  /// To be called before there are threads or secrets. UsageError if a debugger is attached already; IoError,
  /// with the command that helps, if the machine does not let a promise be kept.
  explicit HardenedProcess(const ZeroingFree&);
  HardenedProcess(const HardenedProcess&) = delete;

  /// Once all is set up: from then on no thread of the process can start a program or a process, attach to
  /// one, or make a socket. IoError if the kernel cannot do that.
  void narrow() const;

 private:
  friend struct HardenForTests;  // of sealed/testing/, where nothing is promised of a test's own process
  HardenedProcess() = default;
};

}  // namespace tacit
