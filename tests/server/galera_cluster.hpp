// A Galera cluster of three nodes for one test program, and what tests do to it.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "connection.hpp"

namespace invctl::test {

class GaleraCluster {
 public:
  // Three nodes, all ready. Throws "SKIPPED: ..." where the machine has not got what it takes.
  GaleraCluster();
  ~GaleraCluster();
  GaleraCluster(const GaleraCluster&) = delete;
  GaleraCluster& operator=(const GaleraCluster&) = delete;

  // The nodes in this order, as a list of hosts; by TCP, as clients come.
  std::string url(const std::string& database, const std::vector<int>& nodes,
                  const std::string& user = "root") const;
  // As root, through the node's socket.
  std::unique_ptr<db::Connection> root(int node) const;
  std::int64_t number(int node, const std::string& sql) const;
  std::string status(int node, const std::string& name) const;

  void kill_hard(int node) const;  // SIGKILL, and waits for its end
  void join(int node) const;       // after it was killed: on the data it had
  // Lets a node that has lost the others be the cluster.
  void become_primary(int node) const;

 private:
  void script(const std::vector<std::string>& words) const;
  std::string directory_;
};

}  // namespace invctl::test
