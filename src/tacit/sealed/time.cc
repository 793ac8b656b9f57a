#include "tacit/sealed/time.h"

#include <algorithm>
#include <chrono>

#include "tacit/base/error.h"
#include "tacit/base/text.h"

namespace tacit::sealed {

namespace chrono = std::chrono;

Seconds parse_date(std::string_view text) {
  if (text == "never") return kNever;
  const auto digits = [&](std::size_t at, std::size_t count) {
    int out = 0;
    for (const char c : text.substr(at, count)) out = 10 * out + (c - '0');
    return out;
  };
  bool good = text.size() == 10;
  for (std::size_t i = 0; good && i < text.size(); ++i)
    good = i == 4 || i == 7 ? text[i] == '-' : text[i] >= '0' && text[i] <= '9';
  if (good) {
    const chrono::year_month_day day{chrono::year(digits(0, 4)),
                                     chrono::month(static_cast<unsigned>(digits(5, 2))),
                                     chrono::day(static_cast<unsigned>(digits(8, 2)))};
    if (day.ok() && day.year() >= chrono::year(1970))
      return chrono::duration_cast<chrono::seconds>(chrono::sys_days(day).time_since_epoch()).count();
  }
  throw UsageError(fmt::format("'{}' is no date: write it as 2027-01-31, or 'never'", one_line(text)));
}

std::string moment_text(Seconds moment) {
  if (moment == kNever) return "never";
  const chrono::sys_seconds at{chrono::seconds(std::clamp<Seconds>(moment, 0, kLastMoment))};
  const auto day = chrono::floor<chrono::days>(at);
  const chrono::year_month_day date(day);
  const auto second = (at - day).count();
  return fmt::format("{:04}-{:02}-{:02} {:02}:{:02}:{:02} UTC", static_cast<int>(date.year()),
                     static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()), second / 3600,
                     second / 60 % 60, second % 60);
}

}  // namespace tacit::sealed
