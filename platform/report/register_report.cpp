// SPDX-License-Identifier: Apache-2.0
#include "report/register_report.h"

#include <cstdio>

#include "config/json_text.h"

namespace epoch {
namespace {

const char* access_name(Access access) {
  switch (access) {
    case Access::ro:
      return "RO";
    case Access::rw:
      return "RW";
    case Access::w1c:
      return "W1C";
    case Access::latch:
      return "LATCH";
    case Access::cfg:
      return "CFG";
  }
  return "";
}

std::string hex(std::uint64_t value, int digits) {
  char text[24];
  std::snprintf(text, sizeof text, "0x%0*llx", digits, static_cast<unsigned long long>(value));
  return text;
}

std::string full_name(const Register& reg) {
  return reg.count == 1 ? reg.name : reg.name + "[" + std::to_string(reg.count) + "]";
}

std::string bits(const Field& field) {
  if (field.width == 1) return std::to_string(field.lsb);
  return std::to_string(field.lsb + field.width - 1) + ":" + std::to_string(field.lsb);
}

std::string padded(std::string text, std::size_t width) {
  if (text.size() < width) text.append(width - text.size(), ' ');
  return text;
}

std::string markdown_cell(const std::string& text) {
  std::string cell;
  for (const char c : text) {
    if (c == '|') cell += '\\';
    cell += c;
  }
  return cell;
}

std::string xml(const std::string& text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '&') {
      escaped += "&amp;";
    } else if (c == '<') {
      escaped += "&lt;";
    } else if (c == '>') {
      escaped += "&gt;";
    } else if (c == '"') {
      escaped += "&quot;";
    } else {
      escaped += c;
    }
  }
  return escaped;
}

std::string svd_register(const Register& reg) {
  const bool array = reg.count > 1;
  const bool writable = reg.access == Access::rw || reg.access == Access::w1c;
  std::string text = "        <register>\n";
  if (array) {
    text += "          <dim>" + std::to_string(reg.count) +
            "</dim>\n          <dimIncrement>4</dimIncrement>\n";
  }
  text += "          <name>" + xml(reg.name) + (array ? "[%s]" : "") + "</name>\n";
  text += "          <description>" + xml(reg.description) + "</description>\n";
  text += "          <addressOffset>" + hex(reg.offset, 3) + "</addressOffset>\n";
  text +=
      std::string("          <access>") + (writable ? "read-write" : "read-only") + "</access>\n";
  text += "          <resetValue>" + hex(reg.reset, 8) + "</resetValue>\n";
  if (reg.access == Access::w1c) {
    text += "          <modifiedWriteValues>oneToClear</modifiedWriteValues>\n";
  }
  if (reg.access == Access::latch) text += "          <readAction>modifyExternal</readAction>\n";
  if (!reg.fields.empty()) {
    text += "          <fields>\n";
    for (const Field& field : reg.fields) {
      text += "            <field><name>" + xml(field.name) + "</name><description>" +
              xml(field.description) + "</description><bitOffset>" + std::to_string(field.lsb) +
              "</bitOffset><bitWidth>" + std::to_string(field.width) + "</bitWidth></field>\n";
    }
    text += "          </fields>\n";
  }
  return text + "        </register>\n";
}

}  // namespace

std::string registers_as_text(const std::vector<Register>& table) {
  std::string text = "offset  access  reset       name                   description\n";
  for (const Register& reg : table) {
    text += hex(reg.offset, 3) + "   " + padded(access_name(reg.access), 6) + "  " +
            hex(reg.reset, 8) + "  " + padded(full_name(reg), 21) + "  " + reg.description + "\n";
    for (const Field& field : reg.fields) {
      text += padded("", 28) + padded("[" + bits(field) + "]", 8) + padded(field.name, 15) + "  " +
              field.description + "\n";
    }
  }
  return text;
}

std::string registers_as_json(const std::vector<Register>& table) {
  Json registers = Json::array();
  for (const Register& reg : table) {
    Json fields = Json::array();
    for (const Field& field : reg.fields) {
      fields.push_back({{"name", field.name},
                        {"lsb", field.lsb},
                        {"width", field.width},
                        {"description", field.description}});
    }
    registers.push_back({{"name", reg.name},
                         {"offset", reg.offset},
                         {"count", reg.count},
                         {"access", access_name(reg.access)},
                         {"reset", reg.reset},
                         {"description", reg.description},
                         {"fields", std::move(fields)}});
  }
  Json root = Json::object();
  root["registers"] = std::move(registers);
  return root.dump(2) + "\n";
}

std::string registers_as_markdown(const std::vector<Register>& table) {
  std::string text = "| offset | name | access | reset | description |\n|---|---|---|---|---|\n";
  for (const Register& reg : table) {
    std::string description = markdown_cell(reg.description);
    for (const Field& field : reg.fields) {
      description +=
          "<br>`" + bits(field) + "` " + field.name + ": " + markdown_cell(field.description);
    }
    text += "| " + hex(reg.offset, 3) + " | " + full_name(reg) + " | " + access_name(reg.access) +
            " | " + hex(reg.reset, 8) + " | " + description + " |\n";
  }
  return text;
}

std::string registers_as_svd(const std::vector<Register>& table, std::uint64_t base,
                             std::uint32_t window_bytes, std::uint32_t interrupt) {
  std::string text =
      "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n"
      "<device schemaVersion=\"1.3\" xmlns:xs=\"http://www.w3.org/2001/XMLSchema-instance\" "
      "xs:noNamespaceSchemaLocation=\"CMSIS-SVD.xsd\">\n"
      "  <name>EpochCoreVP</name>\n  <version>1.0</version>\n"
      "  <description>EpochCore virtual platform</description>\n"
      "  <addressUnitBits>8</addressUnitBits>\n  <width>32</width>\n  <size>32</size>\n"
      "  <peripherals>\n    <peripheral>\n      <name>EPOCHCORE</name>\n"
      "      <description>SSM accelerator</description>\n";
  text += "      <baseAddress>" + hex(base, 8) + "</baseAddress>\n";
  text += "      <addressBlock><offset>0</offset><size>" + hex(window_bytes, 1) +
          "</size><usage>registers</usage></addressBlock>\n";
  text += "      <interrupt><name>EPOCHCORE</name><value>" + std::to_string(interrupt) +
          "</value></interrupt>\n      <registers>\n";
  for (const Register& reg : table) text += svd_register(reg);
  return text + "      </registers>\n    </peripheral>\n  </peripherals>\n</device>\n";
}

}  // namespace epoch
