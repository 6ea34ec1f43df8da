// SPDX-License-Identifier: Apache-2.0
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace epoch::gdb {

// A TCP port of this machine alone (127.0.0.1) that serves one peer at a time; a second one is
// turned away. Sends and receives only while its functions run: there is no thread.
class Server {
 public:
  // Port 0: any that is free. Throws UnavailableError if the port cannot be had.
  explicit Server(std::uint16_t port);
  ~Server();
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  std::uint16_t port() const;
  bool connected() const;

  // Lets arrive what has arrived, without waiting, or waits for something up to this long.
  void poll();
  void wait_ms(unsigned most);
  // What the peer has sent since the last call.
  std::string take_received();
  // Blocks until it is on its way; a peer that is gone, or takes nothing for seconds, is dropped.
  void send(std::string_view bytes);
  void disconnect();

  // Peers turned away so far.
  unsigned refused() const;

  // Port and peer move to the program that replaces this one by exec(); the text tells it where
  // they are. Throws UnavailableError.
  std::string hand_over();
  explicit Server(const std::string& handed_over);

 private:
  struct Sockets;
  std::unique_ptr<Sockets> sockets_;
};

}  // namespace epoch::gdb
