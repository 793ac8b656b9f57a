// A device whose key a TPM keeps: what it opens, where its folder is of use, and which time it believes.
#include "tacit/sealed/tpm_device.h"

#include <gtest/gtest.h>

#include "tacit/sealed/testing/sealed_world.h"
#include "tacit/sealed/witness.h"
#include "tacit/tpm/testing/swtpm.h"

namespace tacit::sealed {
namespace {

namespace fs = std::filesystem;
using namespace tacit::testing;

struct TpmDevices : ::testing::Test {
  SoftwareTpm chip;
  SealedWorld world;
  fs::path at = world.folder.path("kept");
  BootMoment boot{{std::byte{1}}, 100};

  DeviceKeys make(const tpm::Pcrs& pcrs = {7}) {
    DeviceKeys out = DeviceKeys::make(at, "kept", Now(kNow, boot), TpmChoice{chip.at(), pcrs});
    out.trust(world.card);
    return out;
  }
  fs::path sealed_to(const DeviceCard& card) {
    SealRequest request = world.request();
    request.to = {card.key};
    return world.seal(some_bytes(3000), "kept.tacit", request);
  }
  std::string opens(const fs::path& file) {
    return outcome([&] { EXPECT_EQ(world.open_as(DeviceKeys::open(at), file), some_bytes(3000)); });
  }
  std::string witnessed(Seconds clock, unsigned in_boot = 1) {
    return outcome([&] {
      const DeviceKeys device = DeviceKeys::open(at);
      const Now now(clock, {{static_cast<std::byte>(in_boot)}, 100});
      EXPECT_EQ(witness(device.folder, device.key, now, 0), clock);
    });
  }
  std::uint64_t count() {
    const DeviceKeys device = DeviceKeys::open(at);
    return device.key.counter()->read();
  }
  void put_back(const fs::path& copy) {
    fs::remove_all(at);
    fs::copy(copy, at, fs::copy_options::recursive);
  }
  fs::path copy(const char* name) {
    const fs::path out = world.folder.path(name);
    fs::copy(at, out, fs::copy_options::recursive);
    return out;
  }
};

TEST_F(TpmDevices, OpenWhatIsSealedToThem) {
  const DeviceCard card = make().card;
  ASSERT_TRUE(card.tpm);
  EXPECT_EQ(card.tpm->pcrs, tpm::Pcrs{7});
  EXPECT_EQ(card.key.kem, Kem::P256);
  EXPECT_EQ(parse_device_card(to_text(card)), card);
  EXPECT_FALSE(fs::exists(at / "device.key"));
  const fs::path file = sealed_to(card);
  EXPECT_EQ(opens(file), "opened");
  EXPECT_NE(outcome([&] { world.open(file); }).find("is not sealed to the device"), std::string::npos);
  chip.restart();
  EXPECT_EQ(opens(file), "opened");
  // A bit of the wrap is what it is with a key in a file: cheating.
  std::string bad = read_file(file);
  Header h = header_of(bad);
  h.wraps[0].sealed[3] ^= std::byte{1};
  const fs::path changed = world.folder.write("bad.tacit", world.with_header(bad, h, world.vendor));
  EXPECT_TRUE(opens(changed).starts_with("cheat: "));
  h = header_of(bad);
  h.wraps[0].enc[5] ^= std::byte{1};  // no point of the curve
  world.folder.write("bad.tacit", world.with_header(bad, h, world.vendor));
  EXPECT_TRUE(opens(changed).starts_with("cheat: "));
}

TEST_F(TpmDevices, AnotherStateIsRefusedAndSurvivedByEnrollingAnew) {
  const DeviceCard card = make().card;
  const fs::path file = sealed_to(card);
  chip.extend(7);
  EXPECT_NE(opens(file).find("bound to register 7"), std::string::npos);
  // After the firmware's change: a new key in the same TPM.
  at = world.folder.path("anew");
  const DeviceCard anew = make().card;
  EXPECT_NE(anew.key, card.key);
  EXPECT_EQ(anew.tpm->endorsement, card.tpm->endorsement);
  EXPECT_EQ(opens(sealed_to(anew)), "opened");
}

TEST_F(TpmDevices, AreNotBoundWhereNobodyWantsIt) {
  const fs::path file = sealed_to(make({}).card);
  chip.extend(7);
  EXPECT_EQ(opens(file), "opened");
}

TEST_F(TpmDevices, AreNotLockedWhereOthersGuessedPasswords) {
  const fs::path file = sealed_to(make().card);
  chip.lock();
  EXPECT_EQ(opens(file), "opened");
  EXPECT_EQ(witnessed(kNow + kDay, 2), "opened");  // the counter, too
}

TEST_F(TpmDevices, TheirFoldersAreOfNoUseElsewhere) {
  const fs::path file = sealed_to(make().card);
  const SoftwareTpm other;
  const std::string text = read_file(at / "device.tpm"), here = chip.at().string();
  std::string moved = text;
  moved.replace(moved.find(here), here.size(), other.at().string());
  world.folder.write("kept/device.tpm", moved);
  EXPECT_NE(opens(file).find("is not the one in which this device's key was made"), std::string::npos);
  // With the other's endorsement key written in, too, the other still cannot load the key.
  TpmDeviceFile forged = parse_tpm_device(moved);
  forged.endorsement = tpm::Tpm(other.at()).endorsement();
  world.folder.write("kept/device.tpm", to_text(forged));
  EXPECT_NE(opens(file), "opened");
  world.folder.write("kept/device.tpm", text);
  EXPECT_EQ(opens(file), "opened");
}

TEST_F(TpmDevices, TheirFilesHaveOneForm) {
  make();
  const std::string good = read_file(at / "device.tpm");
  EXPECT_EQ(to_text(parse_tpm_device(good)), good);
  for (std::size_t size = 0; size < good.size(); size += 7)
    EXPECT_TRUE(outcome([&] { parse_tpm_device(good.substr(0, size)); }).starts_with("usage: ")) << size;
  EXPECT_TRUE(outcome([&] { parse_tpm_device(good + "\n"); }).starts_with("usage: "));
}

TEST_F(TpmDevices, TheCounterIsAdvancedOnceABootAndOnceADay) {
  make();
  const std::uint64_t begin = count();
  for (const Seconds s : {1, 2, 3}) EXPECT_EQ(witnessed(kNow + s), "opened");
  EXPECT_EQ(count(), begin);
  EXPECT_EQ(witnessed(kNow + 4, 2), "opened");  // another boot
  EXPECT_EQ(witnessed(kNow + 5, 2), "opened");
  EXPECT_EQ(count(), begin + 1);
  EXPECT_EQ(witnessed(kNow + kDay, 2), "opened");  // another day
  EXPECT_EQ(witnessed(kNow + kDay + 1, 2), "opened");
  EXPECT_EQ(count(), begin + 2);
}

TEST_F(TpmDevices, AnOldCopyOfTheFolderIsFoundOut) {
  const fs::path file = sealed_to(make().card);
  EXPECT_EQ(opens(file), "opened");
  const fs::path old = copy("old");
  EXPECT_EQ(witnessed(kNow + 40 * kDay, 2), "opened");
  put_back(old);
  const std::string said = witnessed(kNow, 2);
  EXPECT_TRUE(said.starts_with("cheat: ")) << said;
  EXPECT_NE(said.find("old copy of its folder"), std::string::npos) << said;
  EXPECT_TRUE(opens(file).starts_with("cheat: "));
}

TEST_F(TpmDevices, ACopyOfTheSameBootAndDayIsNotFoundOut) {
  // What the documents admit.
  make();
  EXPECT_EQ(witnessed(kNow), "opened");
  const fs::path old = copy("old");
  EXPECT_EQ(witnessed(kNow + 600), "opened");
  put_back(old);
  EXPECT_EQ(witnessed(kNow), "opened");
}

TEST_F(TpmDevices, AMachineThatStoppedInBetweenGoesOn) {
  make();
  EXPECT_EQ(witnessed(kNow + kDay), "opened");
  const std::uint64_t reached = count();
  const std::string next = [&] {
    EXPECT_EQ(witnessed(kNow + 2 * kDay), "opened");
    return read_file(at / "time.witness");
  }();
  EXPECT_EQ(count(), reached + 1);
  // A file that is one ahead of the counter, as between the two: what a further day would have written, put
  // before the counter was advanced.
  class Broken final : public KeptKey, public FirmCounter {
   public:
    explicit Broken(const DeviceKey& key) : key_(key) {}
    KemPublicKey public_key() const override { return key_.public_key(); }
    SecretBytes exchange(const KemPublicKey& other) const override { return key_.exchange(other); }
    SecretBytes derive(ByteView salt, std::string_view context, std::size_t size) const override {
      return key_.derive(salt, context, size);
    }
    FirmCounter* counter() const override { return const_cast<Broken*>(this); }
    SecretBytes activate(const tpm::Credential& c) const override { return key_.activate(c); }
    std::uint32_t number() const override { return key_.counter()->number(); }
    std::uint64_t read() override { return key_.counter()->read(); }
    void advance() override { throw IoError("the machine stopped"); }

   private:
    const DeviceKey& key_;
  };
  {
    const DeviceKeys device = DeviceKeys::open(at);
    const DeviceKey broken(std::make_unique<Broken>(device.key));
    EXPECT_EQ(outcome([&] { witness(device.folder, broken, Now(kNow + 3 * kDay, boot), 0); }),
              "io: the machine stopped");
  }
  EXPECT_EQ(count(), reached + 1);
  EXPECT_NE(read_file(at / "time.witness"), next);
  EXPECT_EQ(witnessed(kNow + 3 * kDay + 1), "opened");
  EXPECT_EQ(count(), reached + 2);
}

TEST_F(TpmDevices, AnotherCounterIsNoCounterOfTheirs) {
  make();
  EXPECT_EQ(witnessed(kNow), "opened");
  TpmDeviceFile file = read_tpm_device(at / "device.tpm");
  {
    tpm::Tpm tpm(chip.at());
    file.counter = tpm.make_counter();
  }
  world.folder.write("kept/device.tpm", to_text(file));
  EXPECT_TRUE(witnessed(kNow).starts_with("cheat: "));
}

}  // namespace
}  // namespace tacit::sealed
