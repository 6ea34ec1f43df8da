// SPDX-License-Identifier: Apache-2.0
#include "common/log.h"

#include <cstdarg>
#include <cstdio>

namespace epoch {

void LogPoint::write(LogLevel level, std::uint64_t time_ps, const char* format, ...) const {
  char text[251];
  std::va_list arguments;
  va_start(arguments, format);
  std::vsnprintf(text, sizeof text, format, arguments);
  va_end(arguments);
  sink_->log(scope_, level, time_ps, text);
}

}  // namespace epoch
