// SPDX-License-Identifier: Apache-2.0
#include "epochcore/dma.h"

#include <algorithm>
#include <utility>

#include "common/sim_time.h"

namespace epoch {

Dma::Dma(const sc_core::sc_module_name& module_name, const DmaConfig& config,
         tlm::tlm_initiator_socket<>& bus, AtMaster& at, EngineClient& client, Counters& counters)
    : sc_module(module_name),
      config_(config),
      bus_(bus),
      at_(at),
      client_(client),
      counters_(counters),
      staging_(std::size_t{config.burst_bytes} * config.outstanding) {
  SC_HAS_PROCESS(Dma);
  SC_THREAD(run);
}

std::uint64_t Dma::earliest_start(const Command&) const {
  return busy_ ? never : 0;
}

void Dma::start(const Command& command) {
  work_ = std::get<DmaWork>(command.work);
  sequence_ = command.sequence;
  busy_ = true;
  cancelled_ = false;
  failed_ = false;
  start_event_.notify(sc_core::SC_ZERO_TIME);
}

void Dma::cancel() {
  cancelled_ = busy_;
}

void Dma::wait_until(std::uint64_t time_ps) {
  const std::uint64_t now = now_ps();
  if (time_ps > now) wait(from_ps(time_ps - now));
}

// Of two directions that issue at one time LOAD comes first.
void Dma::take_turn() {
  if (reads_bus() || turn_ps_ == now_ps()) return;
  turn_ps_ = now_ps();
  wait(sc_core::SC_ZERO_TIME);
}

void Dma::run() {
  for (;;) {
    wait(start_event_);
    transfer();
    busy_ = false;
    if (cancelled_ || failed_)
      client_.drained(config_.engine);
    else
      client_.retired(config_.engine, sequence_);
  }
}

// GATHER's row numbers, from their buffer; the first one outside the table is an error.
bool Dma::read_indices(std::vector<std::uint32_t>& indices) {
  if (work_.indices.rows == 0) return true;
  indices.resize(work_.rows);
  const sc_core::sc_time read = local.read(work_.indices, indices.data());
  wait_until(now_ps(read));
  for (std::size_t i = 0; i < indices.size() && !cancelled_; ++i) {
    if (indices[i] < work_.table_rows) continue;
    failed_ = true;
    client_.failed(
        config_.engine, sequence_,
        {EPOCH_ERROR_GATHER_INDEX, work_.indices.address + static_cast<std::uint32_t>(4 * i), 4});
    return false;
  }
  return !cancelled_;
}

void Dma::transfer() {
  std::vector<std::uint32_t> indices;
  if (!read_indices(indices)) return;
  BurstWalker walker(work_, config_.burst_bytes, std::move(indices));
  next_issue_ps_ = local_done_ps_ = now_ps();
  while (!walker.done() && !cancelled_ && !failed_) {
    if (in_flight_.size() == config_.outstanding) {
      collect();
      continue;  // the wait may have brought a failure or a cancellation
    }
    issue(walker.next());
  }
  while (!in_flight_.empty()) collect();
  if (!cancelled_ && !failed_) wait_until(local_done_ps_);
}

std::uint8_t* Dma::next_staging() {
  std::uint8_t* const data = staging_.data() + std::size_t{next_slot_} * config_.burst_bytes;
  next_slot_ = (next_slot_ + 1) % config_.outstanding;
  return data;
}

void Dma::issue(const Burst& burst) {
  config_.transport == Transport::lt ? issue_lt(burst) : issue_at(burst);
}

// Issues a burst at its time without waiting for the answer: the completion time is kept.
void Dma::issue_lt(const Burst& burst) {
  take_turn();
  if (cancelled_) return;
  std::uint8_t* const data = next_staging();
  const std::uint64_t issue_ps = std::max(next_issue_ps_, now_ps());
  sc_core::sc_time delay = from_ps(issue_ps - now_ps());
  next_issue_ps_ = issue_ps + config_.period_ps;
  if (!reads_bus()) delay = local.read({burst.local, 1, burst.bytes, 0}, data, delay);
  const std::uint64_t sent_ps = now_ps(delay);
  trace_address_.set(sent_ps, burst.bus);

  payload_.set_command(bus_command());
  payload_.set_address(burst.bus);
  payload_.set_data_ptr(data);
  payload_.set_data_length(burst.bytes);
  payload_.set_streaming_width(burst.bytes);
  payload_.set_byte_enable_ptr(nullptr);
  payload_.set_dmi_allowed(false);
  payload_.set_response_status(tlm::TLM_INCOMPLETE_RESPONSE);
  bus_->b_transport(payload_, delay);
  ++bursts_;
  in_flight_.push_back({burst, sent_ps, now_ps(delay), payload_.is_response_ok(), data});
  trace_bursts_.set(now_ps(), in_flight_.size());
}

// Waits until the burst's data are there and sends it.
void Dma::issue_at(const Burst& burst) {
  wait_until(next_issue_ps_);
  take_turn();
  if (cancelled_) return;
  next_issue_ps_ = now_ps() + config_.period_ps;
  std::uint8_t* const data = next_staging();
  if (!reads_bus()) {
    wait_until(now_ps(local.read({burst.local, 1, burst.bytes, 0}, data)));
    take_turn();
    if (cancelled_) return;
  }
  trace_address_.set(now_ps(), burst.bus);
  AtMaster::Transaction& transaction = at_.make(*this, bus_command(), burst.bus, data, burst.bytes);
  transaction.tag = first_number_ + in_flight_.size();
  ++bursts_;
  in_flight_.push_back({burst, now_ps(), unanswered, false, data});
  trace_bursts_.set(now_ps(), in_flight_.size());
  at_.send(transaction);
}

void Dma::answered(AtMaster::Transaction& transaction, std::uint64_t done_ps) {
  InFlight& burst = in_flight_[transaction.tag - first_number_];
  burst.done_ps = done_ps;
  burst.ok = transaction.is_response_ok();
  if (transaction.tag == first_number_) answered_.notify(from_ps(done_ps - now_ps()));
}

// Waits for the oldest burst's answer and takes it.
void Dma::collect() {
  while (in_flight_.front().done_ps == unanswered) wait(answered_);
  wait_until(in_flight_.front().done_ps);
  const InFlight done = in_flight_.front();
  in_flight_.pop_front();
  ++first_number_;
  trace_bursts_.set(now_ps(), in_flight_.size());
  if (log_.on(LogLevel::debug)) log_answer(done);
  if (outstanding_ != nullptr) outstanding_->add_interval(done.sent_ps, now_ps());
  if (cancelled_ || failed_) return;
  if (!done.ok) {
    failed_ = true;
    client_.failed(
        config_.engine, sequence_,
        {static_cast<std::uint32_t>(reads_bus() ? EPOCH_ERROR_BUS_READ : EPOCH_ERROR_BUS_WRITE),
         done.burst.bus, done.burst.bytes});
    return;
  }
  bytes_ += done.burst.bytes;
  counters_.add(reads_bus() ? Counters::DMA_READ_BYTES : Counters::DMA_WRITE_BYTES,
                done.burst.bytes);
  if (reads_bus()) {
    const LocalTile row{done.burst.local, 1, done.burst.bytes, 0};
    local_done_ps_ = std::max(local_done_ps_, now_ps(local.write(row, done.data)));
  }
}

void Dma::log_answer(const InFlight& done) const {
  log_.write(LogLevel::debug, now_ps(), "burst %s 0x%llx %u B, %s after %.3f ns",
             reads_bus() ? "read" : "write", static_cast<unsigned long long>(done.burst.bus),
             done.burst.bytes, done.ok ? "answered" : "refused",
             static_cast<double>(done.done_ps - done.sent_ps) / 1e3);
}

void Dma::attach_log(LogSink& sink, const std::string& scope) {
  log_.attach(sink, scope + (reads_bus() ? ".dma_in" : ".dma_out"));
}

void Dma::attach_trace(TraceSink& sink, const std::string& scope) {
  trace_bursts_.attach(sink, scope, "bursts", 8);
  trace_address_.attach(sink, scope, "address", 64);
}

void Dma::record_series(const std::string& prefix, SeriesSet& set) {
  const std::string direction = reads_bus() ? "read" : "write";
  outstanding_ =
      &set.add(prefix + "." + direction + "_bursts_outstanding", "burst",
               "Mean number of " + direction + " bursts on the bus, or answered and not taken yet",
               SeriesValue::mean);
}

void Dma::statistics(const std::string& prefix, Statistics& out) const {
  out.push_back({prefix + ".bursts", bursts_, "burst", "Bus transactions issued"});
  out.push_back({prefix + ".bytes", bytes_, "B", "Bytes moved over the bus"});
}

}  // namespace epoch
