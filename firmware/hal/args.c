/* SPDX-License-Identifier: Apache-2.0 */
#include "args.h"

#include <stddef.h>
#include <string.h>

static bool blank(char c) {
  return c == ' ' || c == '\t' || c == '\n';
}

int hal_args_split(char* line, char** argv, int max) {
  const char* in = line;
  char* out = line; /* quotes fall out, so words move left */
  int count = 0;
  for (;;) {
    while (blank(*in)) in++;
    if (*in == 0) break;
    if (count == max) return -1;
    argv[count++] = out;
    bool quoted = false;
    while (*in != 0 && (quoted || !blank(*in))) {
      if (*in == '"')
        quoted = !quoted;
      else
        *out++ = *in;
      in++;
    }
    if (quoted) return -1;
    if (*in != 0) in++; /* the blank, before its place is overwritten */
    *out++ = 0;
  }
  argv[count] = NULL;
  return count;
}

bool hal_args_option(const char* word, const char* name, const char** value) {
  const size_t length = strlen(name);
  if (strncmp(word, name, length) != 0) return false;
  if (word[length] != 0 && word[length] != '=') return false;
  *value = word[length] == '=' ? word + length + 1 : word + length;
  return true;
}

bool hal_args_number(const char* text, uint32_t* value) {
  uint64_t number = 0;
  if (*text == 0) return false;
  for (; *text != 0; text++) {
    if (*text < '0' || *text > '9') return false;
    number = number * 10 + (uint64_t)(*text - '0');
    if (number > UINT32_MAX) return false;
  }
  *value = (uint32_t)number;
  return true;
}
