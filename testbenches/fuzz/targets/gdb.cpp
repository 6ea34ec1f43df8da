// SPDX-License-Identifier: Apache-2.0
// GDB packets: whatever a peer sends, answers are well-formed and orders come one by one.
#include <algorithm>
#include <string>

#include "debugger/fake_target.h"
#include "debugger/session.h"
#include "fuzz/entry.h"

using namespace epoch::gdb;
using namespace epoch::fuzz;

namespace {

// A peer that sends in pieces, and a machine that stops by itself after every order.
class Peer {
 public:
  void send(const std::string& bytes) {
    session_.receive(bytes);
    take();
    if (const auto order = session_.take_order()) {
      must(!session_.halted(), "a session that runs after an order");
      must(!session_.take_order(), "an order once");
      take();
      session_.take_interrupt();
      session_.stopped({});
      take();
    }
  }
  std::size_t answers() const { return answers_; }
  std::size_t malformed() const { return malformed_; }

  Peer() {
    session_.on_malformed = [this](const std::string& what) {
      must_be_one_line(what.c_str());
      ++malformed_;
    };
  }

 private:
  void take() {
    PacketReader reader;
    reader.feed(session_.take_output());
    while (const auto event = reader.next()) {
      must(event->kind != Event::Kind::malformed, "answers that can be read");
      must(event->kind != Event::Kind::interrupt, "no interrupt from a stub");
      must(event->text.size() <= kPacketBytes, "answers of a packet's size");
      answers_ +=
          event->kind == Event::Kind::packet && !event->text.empty() && event->text[0] != 'E' ? 1
                                                                                              : 0;
    }
  }

  FakeTarget target_;
  Session session_{target_};
  std::size_t answers_ = 0;
  std::size_t malformed_ = 0;
};

// The first byte is the size of the pieces and, if it is odd, says that the rest is lines, each to
// be made a packet with the right checksum; otherwise the rest is the stream itself.
std::string stream_of(const std::uint8_t* data, std::size_t size) {
  const std::string rest(data + 1, data + size);
  if (data[0] % 2 == 0) return rest;
  std::string stream;
  for (std::size_t at = 0; at < rest.size();) {
    const std::size_t end = std::min(rest.find('\n', at), rest.size());
    stream += encode_packet(rest.substr(at, end - at));
    at = end + 1;
  }
  return stream;
}

}  // namespace

// Accepted: every packet arrives whole, and at least one is answered with more than an error.
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  if (size == 0) return 0;
  const std::size_t piece = 1 + data[0];
  const std::string stream = stream_of(data, size);
  Peer peer;
  for (std::size_t at = 0; at < stream.size(); at += piece) peer.send(stream.substr(at, piece));
  if (peer.answers() != 0 && peer.malformed() == 0) ++accepted_inputs;
  return 0;
}
