// SPDX-License-Identifier: Apache-2.0
#include "memory/dram.h"

#include <cmath>
#include <stdexcept>

#include "common/bus_info.h"
#include "common/sim_time.h"

namespace epoch {

namespace {

std::uint64_t bytes_per_second(double gb_per_s) {
  if (!(gb_per_s > 0)) throw std::invalid_argument("dram: gb_per_s must be positive");
  return static_cast<std::uint64_t>(std::llround(gb_per_s * 1e9));
}

}  // namespace

Dram::Dram(const sc_core::sc_module_name& module_name, const DramConfig& config)
    : sc_module(module_name),
      socket("socket"),
      storage_(config.size_bytes),
      latency_ps_(ns_to_ps(config.latency_ns)),
      data_bus_(bytes_per_second(config.gb_per_s)),
      config_(config) {
  SC_HAS_PROCESS(Dram);
  if (config.queue_depth == 0) throw std::invalid_argument("dram: queue_depth must be positive");
  if (config.device) {
    device_ = std::make_unique<DramEstimate>(*config.device, config.controller);
    if (device_->size_bytes() < config.size_bytes) {
      throw std::invalid_argument("dram: size_bytes is more than the device has");
    }
  }
  socket.register_b_transport(this, &Dram::b_transport);
  socket.register_nb_transport_fw(this, &Dram::nb_transport_fw);
  socket.register_get_direct_mem_ptr(this, &Dram::get_direct_mem_ptr);
  socket.register_transport_dbg(this, &Dram::transport_dbg);
  SC_METHOD(step);
  sensitive << step_event_;
  dont_initialize();
}

void Dram::watch(std::uint64_t address, std::uint64_t bytes, std::function<void()> callback) {
  storage_.watch(address, bytes, std::move(callback));
  if (dmi_granted_) socket->invalidate_direct_mem_ptr(0, storage_.size() - 1);
}

void Dram::b_transport(tlm::tlm_generic_payload& payload, sc_core::sc_time& delay) {
  storage_.serve(payload);
  if (payload.is_response_error()) {
    delay += from_ps(error_ps());
    return;
  }
  const std::uint64_t arrival = now_ps(delay);
  const std::uint64_t done = completion_ps(payload, arrival);
  delay += from_ps(done - arrival);
  count(payload, arrival, done);
}

std::uint64_t Dram::completion_ps(const tlm::tlm_generic_payload& payload, std::uint64_t arrival) {
  const BusInfo* info = payload.get_extension<BusInfo>();
  const std::uint64_t bytes = payload.get_data_length();
  if (info == nullptr || !info->reserves) return arrival + unloaded_ps(bytes, payload.is_write());
  if (device_) return device_->reserve(arrival, payload.get_address(), bytes, payload.is_write());
  return queued_completion_ps(bytes, arrival);
}

std::uint64_t Dram::queued_completion_ps(std::uint64_t bytes, std::uint64_t arrival) {
  const DataBus::Slot slot = data_bus_.reserve(arrival, bytes);
  reserved_bytes_ += bytes;
  busy_.set(slot.start_ps, 1);
  busy_.set(slot.end_ps, 0);
  return slot.end_ps + latency_ps_;
}

std::uint64_t Dram::unloaded_ps(std::uint64_t bytes, bool write) const {
  return device_ ? device_->unloaded_ps(bytes, write) : latency_ps_ + data_bus_.transfer_ps(bytes);
}

// An access that the memory refuses.
std::uint64_t Dram::error_ps() const {
  return device_ ? device_->unloaded_ps(1, false) : latency_ps_;
}

void Dram::count(const tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps,
                 std::uint64_t done_ps) {
  ++requests_;
  total_latency_ps_ += done_ps - arrival_ps;
  if (payload.is_read()) read_bytes_ += payload.get_data_length();
  if (payload.is_write()) write_bytes_ += payload.get_data_length();
  if (bandwidth_.asked()) record(payload, arrival_ps, done_ps);
}

void Dram::record(const tlm::tlm_generic_payload& payload, std::uint64_t arrival_ps,
                  std::uint64_t done_ps) {
  if (!payload.is_read() && !payload.is_write()) return;
  bandwidth_.of(payload.is_write())->add(done_ps, payload.get_data_length());
  queue_depth_.of(payload.is_write())->add_interval(arrival_ps, done_ps);
}

bool Dram::get_direct_mem_ptr(tlm::tlm_generic_payload& payload, tlm::tlm_dmi& dmi) {
  const bool granted = storage_.get_direct_mem_ptr(payload, dmi);
  dmi.set_read_latency(from_ps(device_ ? device_->unloaded_ps(1, false) : latency_ps_));
  dmi.set_write_latency(from_ps(device_ ? device_->unloaded_ps(1, true) : latency_ps_));
  dmi_granted_ = dmi_granted_ || granted;
  return granted;
}

unsigned Dram::transport_dbg(tlm::tlm_generic_payload& payload) {
  return storage_.debug(payload);
}

void Dram::attach_trace(TraceSink& sink) {
  if (device_) return;  // its data bus is not one signal, and the estimate runs ahead of time
  busy_.attach(sink, name(), "busy", 1);
  busy_.set(now_ps(), 0);
}

void Dram::record_series(SeriesSet& set) {
  const std::string scope = name();
  const auto bandwidth = [&](const char* direction, const char* description) {
    return &set.add(scope + direction, "GB/s", description, SeriesValue::gb_per_s);
  };
  const auto depth = [&](const char* direction, const char* description) {
    return &set.add(scope + direction, "access", description, SeriesValue::mean);
  };
  bandwidth_ = {bandwidth(".read_gb_s", "Bytes of reads completed, over time, DMI excluded"),
                bandwidth(".write_gb_s", "Bytes of writes completed, over time, DMI excluded")};
  queue_depth_ = {
      depth(".read_queue_depth", "Mean number of reads between arrival and completion"),
      depth(".write_queue_depth", "Mean number of writes between arrival and completion")};
}

void Dram::statistics(Statistics& out) const {
  const std::string scope = name();
  const double mean_ps =
      requests_ == 0 ? 0.0
                     : static_cast<double>(total_latency_ps_) / static_cast<double>(requests_);
  double busy_ns = static_cast<double>(data_bus_.transfer_ps(reserved_bytes_)) / 1e3;
  for (unsigned i = 0; device_ && i < device_->channels(); ++i)
    busy_ns += controller_ ? controller_->busy_ns(i) : device_->busy_ns(i);
  out.push_back({scope + ".requests", requests_, "access", "Requests served, DMI excluded"});
  out.push_back({scope + ".read_bytes", read_bytes_, "B", "Bytes read, DMI excluded"});
  out.push_back({scope + ".write_bytes", write_bytes_, "B", "Bytes written, DMI excluded"});
  out.push_back({scope + ".busy", busy_ns, "ns", "Time the data bus was reserved"});
  out.push_back({scope + ".mean_latency", mean_ps / 1e3, "ns",
                 "Mean time from a request's arrival to its completion"});
  if (device_) device_statistics(out);
}

// Of the controller in transport at, of the estimate in lt.
void Dram::device_statistics(Statistics& out) const {
  for (unsigned i = 0; i < device_->channels(); ++i) {
    const std::string channel = name() + (".channel" + std::to_string(i));
    const ChannelCounts& counts = controller_ ? controller_->channel_counts(i) : device_->counts(i);
    out.push_back({channel + ".read_bursts", counts.reads, "burst", "Column reads"});
    out.push_back({channel + ".write_bursts", counts.writes, "burst", "Column writes"});
    out.push_back({channel + ".activates", counts.activates, "command", "Rows opened"});
    out.push_back({channel + ".refreshes", counts.refreshes, "command", "All-bank refreshes"});
    for (unsigned number = 0; number < device_->banks_per_channel(); ++number) {
      const std::string bank = channel + ".bank" + std::to_string(number);
      const BankCounts banks =
          controller_ ? controller_->bank_counts(i, number) : device_->bank_counts(i, number);
      out.push_back({bank + ".row_hits", banks.hits, "burst", "Bursts whose row was open"});
      out.push_back({bank + ".row_misses", banks.misses, "burst", "Bursts whose bank was closed"});
      out.push_back(
          {bank + ".row_conflicts", banks.conflicts, "burst", "Bursts that closed another row"});
    }
  }
}

}  // namespace epoch
