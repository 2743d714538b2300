#include "sandbox.hpp"

#include <fcntl.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/landlock.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cctype>
#include <cerrno>
#include <cstddef>
#include <cstdint>
#include <stdexcept>

namespace invctl::fuzz {

namespace {

constexpr std::uint32_t deny = SECCOMP_RET_ERRNO | EPERM;

void add_refusal(std::vector<sock_filter>& program, std::uint32_t call, std::uint32_t answer) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, call, 0, 1));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, answer));
}

// clone() makes threads and processes: the flags tell them apart. What clone3() is asked for cannot be seen
// by a filter: the C library then falls back to clone().
void add_clone(std::vector<sock_filter>& program) {
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_clone, 0, 3));
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, args[0])));
  program.push_back(BPF_JUMP(BPF_JMP | BPF_JSET | BPF_K, CLONE_THREAD, 1, 0));
  program.push_back(BPF_STMT(BPF_RET | BPF_K, deny));
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  add_refusal(program, SYS_clone3, SECCOMP_RET_ERRNO | ENOSYS);
}

void refuse_processes_and_network() {
  std::vector<sock_filter> program;
  program.push_back(BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(seccomp_data, nr)));
  add_clone(program);
  for (const auto call : {SYS_execve, SYS_execveat, SYS_socket, SYS_socketpair, SYS_connect, SYS_bind,
                          SYS_kill, SYS_tkill, SYS_ptrace, SYS_mount, SYS_umount2, SYS_reboot, SYS_setpgid}) {
    add_refusal(program, static_cast<std::uint32_t>(call), deny);
  }
#ifdef SYS_fork
  add_refusal(program, SYS_fork, deny);
  add_refusal(program, SYS_vfork, deny);
#endif
  program.push_back(BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW));
  sock_fprog filter{static_cast<unsigned short>(program.size()), program.data()};
  if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 ||
      syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_TSYNC, &filter) != 0) {
    throw std::runtime_error("no sandbox: this kernel has no filters of system calls");
  }
}

void write_only_beneath(const std::vector<std::string>& directories) {
  constexpr std::uint64_t writing = LANDLOCK_ACCESS_FS_WRITE_FILE | LANDLOCK_ACCESS_FS_REMOVE_DIR |
                                    LANDLOCK_ACCESS_FS_REMOVE_FILE | LANDLOCK_ACCESS_FS_MAKE_CHAR |
                                    LANDLOCK_ACCESS_FS_MAKE_DIR | LANDLOCK_ACCESS_FS_MAKE_REG |
                                    LANDLOCK_ACCESS_FS_MAKE_SOCK | LANDLOCK_ACCESS_FS_MAKE_FIFO |
                                    LANDLOCK_ACCESS_FS_MAKE_BLOCK | LANDLOCK_ACCESS_FS_MAKE_SYM;
  // Its first version forbids to move files between directories, whichever.
  const auto version = syscall(SYS_landlock_create_ruleset, nullptr, 0, LANDLOCK_CREATE_RULESET_VERSION);
  const std::uint64_t handled = writing | (version >= 2 ? LANDLOCK_ACCESS_FS_REFER : 0);
  const landlock_ruleset_attr attributes{.handled_access_fs = handled};
  const auto rules =
      static_cast<int>(syscall(SYS_landlock_create_ruleset, &attributes, sizeof attributes, 0));
  if (rules < 0) return;  // an older kernel: stays_here() alone
  const auto allow = [&](const std::string& path, std::uint64_t access) {
    landlock_path_beneath_attr beneath{};
    beneath.allowed_access = access;
    beneath.parent_fd = open(path.c_str(), O_PATH | O_CLOEXEC);
    if (beneath.parent_fd < 0) return;
    syscall(SYS_landlock_add_rule, rules, LANDLOCK_RULE_PATH_BENEATH, &beneath, 0);
    close(beneath.parent_fd);
  };
  for (const auto& directory : directories) {
    allow(directory, handled);
    // So that it can be removed itself, which takes a directory that is empty.
    allow(directory + "/..", LANDLOCK_ACCESS_FS_REMOVE_DIR);
  }
  for (const auto* device : {"/dev/null", "/dev/full"}) allow(device, LANDLOCK_ACCESS_FS_WRITE_FILE);
  const auto result = syscall(SYS_landlock_restrict_self, rules, 0);
  close(rules);
  if (result != 0) throw std::runtime_error("no sandbox: Landlock is there, but does not hold");
}

}  // namespace

void enter_sandbox(const std::vector<std::string>& writable) {
  refuse_processes_and_network();
  write_only_beneath(writable);
}

bool stays_here(const std::string& word) {
  if (word.find("..") != std::string::npos) return false;
  for (std::size_t at = 0; (at = word.find('/', at)) != std::string::npos; ++at) {
    const bool relative = at > 0 && std::isalnum(static_cast<unsigned char>(word[at - 1])) != 0;
    if (!relative && !word.starts_with("mysql://")) return false;
  }
  return true;
}

}  // namespace invctl::fuzz
