// SIGINT and SIGTERM end the program at once with exit 130 or 143: whatever transaction is open dies with it,
// so the database is unchanged. From the moment COMMIT is sent that promise cannot be kept any more: then the
// signal waits until the change is reported (design 9.10).
#pragma once

namespace invctl::interrupt {

void install_handlers();

// Called by storage right before COMMIT, and once it is certain that nothing was stored.
void hold() noexcept;
void release() noexcept;  // ends the program if a signal came meanwhile

// What must be put right before the program ends by a signal, such as the terminal. Async-signal-safe only.
void set_cleanup(void (*cleanup)()) noexcept;

}  // namespace invctl::interrupt
