// The subcommands: each takes its options as plain data (main.cc reads the command line) and returns its
// result as JSON, which main.cc prints with --json; otherwise the command has told people what there is to
// tell.
#pragma once

#include <filesystem>
#include <map>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <string>
#include <vector>

#include "ui.h"

namespace tacit::app {

namespace fs = std::filesystem;

struct KeysOptions {
  std::vector<std::string> names;
  fs::path folder = ".";
};
nlohmann::json keys(const KeysOptions&, const Style&);
nlohmann::json show_keys(const std::vector<fs::path>& files, const Style&);

/// Where a party or an owner of a job runs.
struct PlaceOptions {
  fs::path job;
  std::string party, owner;         ///< one of the two
  fs::path key;                     ///< default: NAME.key beside the job file
  fs::path out;                     ///< default: NAME-out beside the job file
  fs::path state;                   ///< default: NAME-state beside the job file
  std::vector<std::string> data;    ///< FILE, or OWNER=FILE where several owners are run
  std::vector<std::string> labels;  ///< for arrays: the files of labels, likewise
  std::string link;                 ///< shapes the links
  unsigned threads = 0;
  bool resume = false;              ///< go on with a training from the last checkpoint
  bool keep_data = false;           ///< a party keeps the owners' data when a training ends
  std::optional<unsigned> metrics;  ///< a party's: the port of this machine for them; 0: any that is free
  // How a driver starts children of its own:
  int listen_fd = -1, progress_fd = -1;
  fs::path overrides;
};

struct TrainOptions : PlaceOptions {
  bool simulate = false;  ///< all as threads of this process
  bool local = false;     ///< all as processes of this machine
  bool clear = false;     ///< also train in the clear: the driver has all data
  bool compare = false;   ///< with `simulate`: hold every step against double precision
  bool ranges = false;    ///< train nothing: tell how large numbers can become
  bool plan = false;      ///< first plan it, for the report
};
nlohmann::json train(const TrainOptions&, const Style&);
/// How large the numbers of a job can become in each layer, from what the job file says alone.
nlohmann::json ranges(const fs::path& job, const Style&);

nlohmann::json share(const PlaceOptions&, const Style&);
nlohmann::json party(const PlaceOptions&, const Style&);
nlohmann::json predict(const TrainOptions&, const Style&);

struct DoctorOptions : PlaceOptions {
  bool local = false;  ///< all parties as processes of this machine
  double wait = 0;     ///< seconds for the other parties' doctors; 0: the job's start_patience
  fs::path findings;   ///< from a driver: where they are written
};
/// The result says under "exit_code" how the program is to end.
nlohmann::json examine(const DoctorOptions&, const Style&);

/// What tacit makes of an ONNX file, operator by operator. The result says under "exit_code" how the program
/// is to end: 2 if something is not supported.
nlohmann::json check_model(const fs::path& file, const Style&);

/// The data that a party holds.
struct DataOptions : PlaceOptions {
  std::vector<std::string> ids;  ///< uploads, by how their ids begin
  bool all = false;              ///< of list: deleted ones, too; of delete: everything
  bool local = false;            ///< of a party of 'train --local'
};
nlohmann::json data_list(const DataOptions&, const Style&);
/// The result says under "exit_code" how the program is to end.
nlohmann::json data_verify(const DataOptions&, const Style&);
nlohmann::json data_delete(const DataOptions&, const Style&);

struct SplitOptions {
  fs::path model, out = "parts";
  std::size_t gateway_layers = 0, remotes = 2;
  bool gateway_share = false;  ///< of the remote layers' weights, too
  unsigned bits = 32, fraction = 10;
  std::size_t top = 0;  ///< users get the places of so many largest scores; 0: the scores
};
nlohmann::json split(const SplitOptions&, const Style&);

/// What a job, or 'split', would cost, before anything is begun.
struct PlanOptions {
  fs::path file;       ///< a job, or an ONNX model
  std::string link;    ///< between all; none: all on this machine
  unsigned cores = 0;  ///< that all share; 0: those here on a local link, else each has its own
  std::vector<std::string> of_jobs, of_models;  ///< options that were given and that only these take
  // Of a job:
  std::string rows;                       ///< "N" or "N,N,..": that each owner of data brings
  std::vector<std::string> data, labels;  ///< OWNER=FILE, to count the rows in
  double memory = 0, disk = 0;            ///< free gigabytes of each machine; 0: what is free here
  // Of a model:
  std::size_t remotes = 2;  ///< 0: the user is the other party
  bool gateway_share = false;
  unsigned bits = 32, fraction = 10;
  std::string transfers = "softspoken4";
};
nlohmann::json plan(const PlanOptions&, const Style&);
nlohmann::json plan_training(const PlanOptions&, const Style&);

/// One server or user of a deployment.
struct DeployedOptions {
  fs::path deployment;
  fs::path key;   ///< default: NAME.key beside the deployment file
  fs::path part;  ///< default: NAME.part beside it, a user's user.part
  unsigned threads = 0;
  int listen_fd = -1, progress_fd = -1;  ///< from a driver
};
struct ServeOptions : DeployedOptions {
  std::string party;
  fs::path state;           ///< default: NAME-state beside the deployment file
  fs::path report;          ///< where costs are written at the end
  std::size_t queries = 0;  ///< ends after so many; 0: never
  std::size_t at_once = 0;  ///< devices of a segment that are answered at a time; 0: the usual number
};
nlohmann::json serve(const ServeOptions&, const Style&);
/// The server of a segment that stays at the vendor: `deployment` is its folder. `listen`: where, if not at
/// the address that it names.
nlohmann::json serve_segment(const ServeOptions&, const std::string& listen, const Style&);
struct QueryOptions : DeployedOptions {
  std::string user;
  fs::path input, out;
  fs::path report;  ///< where answers and costs are written
};
nlohmann::json query(const QueryOptions&, const Style&);

/// A folder of keys for sealed models: a vendor's or a device's.
struct KeyFolderOptions {
  fs::path keys;
  std::string name;  ///< default: called after its key
};
nlohmann::json vendor_init(const KeyFolderOptions&, const Style&);
struct DeviceOptions : KeyFolderOptions {
  fs::path tpm;           ///< where one is reached; empty: this machine's, if there is one
  bool software = false;  ///< a key in a file, even if there is a TPM
  std::string pcrs;       ///< as "7", "0+7" or "none"; empty: 7
};
nlohmann::json device_init(const DeviceOptions&, const Style&);

/// A new key in a new folder, for that of `keys`.
struct RotateOptions : DeviceOptions {
  fs::path new_keys;
};
nlohmann::json vendor_rotate(const RotateOptions&, const Style&);
nlohmann::json device_rotate(const RotateOptions&, const Style&);

/// A vendor's challenge to a device that says that a TPM keeps its key, the answer, and what follows.
struct ChallengeOptions : KeyFolderOptions {
  fs::path file, out;       ///< what is read, and what is written
  std::string endorsement;  ///< the fingerprint that its TPM's endorsement key must have
  fs::path roots;           ///< or certificates of manufacturers
};
nlohmann::json vendor_challenge(const ChallengeOptions&, const Style&);
nlohmann::json device_answer(const ChallengeOptions&, const Style&);
nlohmann::json vendor_admit(const ChallengeOptions&, const Style&);

struct LeaseOptions : KeyFolderOptions {
  fs::path file;       ///< a sealed model
  std::string device;  ///< of revoke: an id, or a device.pub
  fs::path segment;    ///< of revoke: the folder of a segment that the device may not ask any more
  std::string at;      ///< where leases are asked for, or handed out: host:port
};
/// Asks the vendor for a lease of a model.
nlohmann::json device_lease(const LeaseOptions&, const Style&);
nlohmann::json vendor_revoke(const LeaseOptions&, const Style&);
nlohmann::json vendor_log(const LeaseOptions&, const Style&);
/// Hands out leases until it is ended.
nlohmann::json serve_leases(const LeaseOptions&, const Style&);
struct TrustOptions : KeyFolderOptions {
  fs::path vendor;          ///< its card
  std::string fingerprint;  ///< what it must be; empty: it is shown
  fs::path rotated;         ///< instead: a vendor.rotation of one that is trusted
  bool only_new = false;    ///< what the old key signed is not run any more
};
nlohmann::json device_trust(const TrustOptions&, const Style&);

struct SealOptions : KeyFolderOptions {
  fs::path model, out;            ///< default: the model's name, with .tacit
  std::vector<fs::path> to;       ///< devices' cards
  std::string expires;            ///< a date, or "never"
  std::optional<unsigned> level;  ///< default: 4 with a fingerprint, and else 1
  std::string require;            ///< "tpm": every recipient's key
  std::string lease, lease_from;  ///< how long one runs, as "8h", and where it is asked for
  std::string fingerprint;        ///< the customer whose copy it is
  fs::path customers;             ///< default: customers.db in the folder of keys
  fs::path probe;                 ///< examples by which the fingerprint's effect is measured
  bool keep = false;              ///< the vendor is a recipient, too
  fs::path audit;                 ///< steal.json, by 'tacit audit steal'; empty: nothing was measured
  fs::path kept_by;               ///< of a file that is sealed anew: the key folder by which it was kept
  // Of level 3:
  std::string protect, vendor_address;  ///< nodes, and where the vendor's server of them is: host:port
  fs::path segment;             ///< the vendor's part (default: the sealed file's name, with .segment)
  std::string input_range;      ///< of the model's inputs: "LOW,HIGH"
  std::uint32_t queries = 100;  ///< that a device may ask in an hour
  unsigned fraction = 10;       ///< bits behind the point
};
nlohmann::json seal(const SealOptions&, const Style&);

struct SealedOptions {
  fs::path file;
  fs::path keys;    ///< of this device
  fs::path vendor;  ///< of inspect: the card of the vendor that it must be of
  bool keys_given = false;
  // Of run:
  fs::path input, out;
  fs::path broker;     ///< the socket of the broker that opens it; none: this process does, at level 1
  std::string server;  ///< at level 3: where its vendor's server is asked, if not where the model says
  unsigned threads = 0;
};
/// What anybody may know of a sealed model.
nlohmann::json inspect(const SealedOptions&, const Style&);
nlohmann::json run_sealed(const SealedOptions&, const Style&);

/// Of a broker, which is a program of its own.
struct BrokerOptions {
  fs::path keys, socket;
  std::vector<std::string> allow;  ///< users by name or number, or "everyone"
  unsigned threads = 0;
};
/// Becomes that program; returns only with an exception.
[[noreturn]] void broker(const BrokerOptions&);
struct TraceOptions : KeyFolderOptions {
  fs::path model, customers;  ///< default: customers.db in the folder of keys
  unsigned threads = 0;
};
/// Whose copy a model is.
nlohmann::json trace(const TraceOptions&, const Style&);

struct StealOptions : KeyFolderOptions {
  fs::path model;                    ///< sealed, or an ONNX file
  fs::path inputs;                   ///< examples to ask about; default: random ones
  fs::path labels;                   ///< their classes
  std::vector<std::size_t> queries;  ///< how many are asked at each point of the curve
  std::size_t held_out = 1000, epochs = 60;
  std::uint64_t seed = 1;
  std::string protect;           ///< layers that are kept back, as "3-5"
  bool find_protection = false;  ///< the cheapest that suffice are searched for
  double margin = 2;             ///< points of agreement
  double minutes = 0;            ///< after which no further thief is trained; 0: no end
  fs::path out = "steal.json", html = "steal.html";
  unsigned threads = 0;
};
/// What an attacker rebuilds of a model.
nlohmann::json audit_steal(const StealOptions&, const Style&);

struct DemoOptions {
  fs::path out = "demo-out";
  bool quick = false;
  std::string activations = "gmw";  ///< of seco: how servers compute them
};
nlohmann::json demo(const DemoOptions&, const Style&);
/// A model split over a gateway and two remotes answers questions.
nlohmann::json demo_seco(const DemoOptions&, const Style&);
/// A model is sealed to two customers, runs there and nowhere else, leaks, and is traced.
nlohmann::json demo_sealed(const DemoOptions&, const Style&);

/// Of one file its words or its page, of two what differs, of more the words of each.
nlohmann::json report(const std::vector<fs::path>& files, const fs::path& html, const Style&);

struct NewJobOptions {
  fs::path from, out = "job.toml";
  std::string label;
};
nlohmann::json new_job(const NewJobOptions&, const Style&);

struct BenchOptions {
  std::string name;
  fs::path json_file, compare;
  bool list = false;
  std::string link;
  fs::path data;                       ///< folder of full data sets
  std::optional<std::size_t> batches;  ///< for those that count them
};
nlohmann::json bench(const BenchOptions&, const Style&);

}  // namespace tacit::app
