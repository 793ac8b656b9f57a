// Whole numbers from JSON that came from outside: the library itself makes numbers of any kind from any
// other, and 5e30 or -1 into whatever.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <utility>

namespace tacit {

/// json::type_error for what is no whole number, below 0, or too large for a T.
template <class T>
T whole_number(const nlohmann::json& j) {
  using Signed = nlohmann::json::number_integer_t;
  using Unsigned = nlohmann::json::number_unsigned_t;
  const bool is_signed = j.is_number_integer() && !j.is_number_unsigned();
  const Unsigned value = is_signed && j.get_ref<const Signed&>() >= 0
                             ? static_cast<Unsigned>(j.get_ref<const Signed&>())
                             : j.get_ref<const Unsigned&>();  // throws where there is none
  if (!std::in_range<T>(value)) static_cast<void>(j.get_ref<const nlohmann::json::string_t&>());  // throws
  return static_cast<T>(value);
}

/// The same of an array; json::type_error for what is none.
template <class Numbers>
Numbers whole_numbers(const nlohmann::json& j) {
  Numbers out;
  for (const nlohmann::json& each : j.get_ref<const nlohmann::json::array_t&>())
    out.push_back(whole_number<typename Numbers::value_type>(each));
  return out;
}

}  // namespace tacit
