// The report page's style sheet.
#pragma once

#include <string_view>

namespace tacit::html {

extern const std::string_view kStyle;

}  // namespace tacit::html
