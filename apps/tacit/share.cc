#include <nlohmann/json.hpp>

#include "commands.h"
#include "place.h"

namespace tacit::app {

nlohmann::json share(const PlaceOptions& options, const Style& style) {
  Place place(options, style);
  const auto files = data_by_owner(place.job(), options.data, options.labels, options.owner);
  place.connect();
  OwnerOptions owner;
  owner.data = files.at(options.owner);
  owner.back = place.owner_return();
  owner.progress = [&](const Progress& p) { place.sink()(p); };
  run_owner(place.job(), place.self(), place.wire(), place.identity(), place.mode(), owner);
  place.sink().finish();
  say(style, "Shared. Every party has its shares, and none of them a row.");
  const DataSpec& data = place.job().data;
  if (data.holding == Holding::SomeColumns && data.owners.size() > 1)
    say(style, "All owners have brought the same rows, in the same order.");
  return {{"shared", true}, {"owner", options.owner}};
}

}  // namespace tacit::app
