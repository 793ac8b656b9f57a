// The vendor, the customers' devices, and a TPM for one of them.
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "demo_sealed.h"
#include "tacit/base/error.h"
#include "tacit/base/text.h"
#include "tacit/broker/address.h"

namespace tacit::app::sealed_demo {

namespace {

constexpr int kTpmPatience = 20'000;  // milliseconds

FileDescriptor unix_socket() {
  FileDescriptor out(::socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0));
  if (!out) throw IoError(fmt::format("a socket cannot be made: {}", std::strerror(errno)));
  return out;
}

FileDescriptor listening_at(const fs::path& at) {
  FileDescriptor out = unix_socket();
  const broker::UnixAddress address(at);
  if (::bind(out.get(), address.get(), address.size()) != 0 || ::listen(out.get(), SOMAXCONN) != 0)
    throw IoError(fmt::format("there cannot be a socket at '{}': {}", at.string(), std::strerror(errno)));
  return out;
}

/// Whether who serves that socket answers: waits until it does, or has ended.
bool answers(const fs::path& at) {
  // TPM2_GetRandom, of 8 bytes: tag, size, code, count.
  constexpr unsigned char kCommand[] = {0x80, 0x01, 0, 0, 0, 12, 0, 0, 0x01, 0x7b, 0, 8};
  const FileDescriptor fd = unix_socket();
  const broker::UnixAddress address(at);
  if (::connect(fd.get(), address.get(), address.size()) != 0 ||
      ::send(fd.get(), kCommand, sizeof kCommand, MSG_NOSIGNAL) != sizeof kCommand)
    return false;
  pollfd wanted{fd.get(), POLLIN, 0};
  char byte = 0;
  return ::poll(&wanted, 1, kTpmPatience) == 1 && ::recv(fd.get(), &byte, 1, 0) == 1;
}

void add_device(Stage& stage, const std::string& name, const std::vector<std::string>& options,
                const std::string& vendors_fingerprint) {
  std::vector<std::string> words{"device", "init", "--keys", keys_of(name), "--name", name};
  words.insert(words.end(), options.begin(), options.end());
  const json told = stage.commands.done(words);
  stage.commands.tell(told.at("kept") == "tpm"
                          ? "its key lies in a TPM, whose endorsement key has the fingerprint " +
                                told.at("endorsement").get<std::string>()
                          : std::string("its key is a file: whoever holds its key folder is that device"));
  if (!vendors_fingerprint.empty())
    stage.commands.done({"device", "trust", keys_of(kVendor) + "/vendor.pub", "--keys", keys_of(name),
                         "--fingerprint", vendors_fingerprint});
  json device{
      {"name", name}, {"key", told.at("kept")}, {"id", told.at("id")}, {"ran", false}, {"refused", false}};
  if (told.contains("endorsement")) device["endorsement"] = told.at("endorsement");
  stage.report["devices"].push_back(std::move(device));
}

}  // namespace

DemoTpm::DemoTpm() {
  fs::create_directory(folder_.path() / "state");
  // It listens before swtpm runs, which tells nobody when it is ready: whoever connects waits for its answer.
  FileDescriptor listening = listening_at(at());
  // Seccomp's filter is not to be had in every container.
  process_.emplace(std::vector<std::string>{"swtpm", "socket", "--tpm2", "--tpmstate",
                                            "dir=" + (folder_.path() / "state").string(), "--server",
                                            fmt::format("type=unixio,fd={}", listening.get()), "--flags",
                                            "not-need-init,startup-clear", "--seccomp", "action=none"},
                   folder_.path(), listening.get());
  listening = {};  // so that swtpm's end is the end of all connections to it
  if (answers(at())) return;
  process_->stop();
  const EndedProcess ended = process_->wait();
  require(ended.code != OwnedProcess::kNotFound,
          "one of the demo's devices keeps its key in a TPM in software, and there is no 'swtpm' here: "
          "install it (apt-get install swtpm)");
  throw IoError(fmt::format("the TPM in software does not start: swtpm ended with {}: {}", ended.code,
                            one_line(ended.err)));
}

void DemoTpm::stop() {
  process_.reset();
  fs::remove(at());
}

void make_devices(Stage& stage) {
  say(stage.style,
      "\nThe vendor makes its signing key, and each customer a device. Customers pin the vendor by its\n"
      "fingerprint, which it tells them by another way than the file comes:");
  const json vendor =
      stage.commands.done({"vendor", "init", "--keys", keys_of(kVendor), "--name", "Digit Works"});
  const auto fingerprint = vendor.at("fingerprint").get<std::string>();
  stage.commands.tell("fingerprint " + fingerprint);
  stage.report["vendor"] = {{"name", vendor.at("name")}, {"fingerprint", fingerprint}};
  add_device(stage, kOffice, {"--software"}, fingerprint);
  add_device(stage, kClinic, {"--tpm", stage.tpm.at().string()}, fingerprint);
  add_device(stage, kStranger, {"--software"}, "");
}

void prove_the_tpm(Stage& stage) {
  say(stage.style,
      "\nA card says what anybody could write. The clinic proves that a TPM keeps its key, and the vendor "
      "admits it:");
  const std::string card = keys_of(kClinic) + "/device.pub", vendors = keys_of(kVendor);
  const std::string sentence =
      stage.commands.refused({"seal", "model.onnx", "--to", card, "--expires", stage.sealed_until,
                              "--require", "tpm", "--keys", vendors, "-o", kOfClinic},
                             2);
  stage.report["checks"].push_back({{"what", "'--require tpm' for a device that has proved nothing"},
                                    {"refused", true},
                                    {"sentence", sentence}});
  json* clinic = nullptr;
  for (json& d : stage.report["devices"])
    if (d.at("name") == kClinic) clinic = &d;
  ensure(clinic != nullptr, "there is a clinic");
  const fs::path challenge = "keys/challenge.txt", answer = "keys/answer.txt";
  stage.commands.done({"vendor", "challenge", card, "--endorsement",
                       clinic->at("endorsement").get<std::string>(), "--keys", vendors, "-o",
                       challenge.string()});
  stage.commands.done(
      {"device", "answer", challenge.string(), "--keys", keys_of(kClinic), "-o", answer.string()});
  const json admitted = stage.commands.done({"vendor", "admit", answer.string(), "--keys", vendors});
  stage.commands.tell("admitted: the key was made in its TPM, which never gives it away (register " +
                      admitted.at("pcrs").get<std::string>() + ")");
  (*clinic)["proved"] = true;
}

}  // namespace tacit::app::sealed_demo
