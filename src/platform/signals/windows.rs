//! Console events of Windows.

use std::io;

use tokio::signal::windows::{
    CtrlBreak, CtrlC, CtrlClose, CtrlShutdown, ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown,
};

use super::Signal;

#[derive(Debug)]
pub(super) struct PlatformSignals {
    interrupt: CtrlC,
    terminate: CtrlShutdown,
    quit: CtrlBreak,
    hang_up: CtrlClose,
}

impl PlatformSignals {
    pub(super) fn listen() -> io::Result<PlatformSignals> {
        Ok(PlatformSignals {
            interrupt: ctrl_c()?,
            terminate: ctrl_shutdown()?,
            quit: ctrl_break()?,
            hang_up: ctrl_close()?,
        })
    }

    pub(super) async fn next(&mut self) -> Signal {
        tokio::select! {
            _ = self.interrupt.recv() => Signal::Interrupt,
            _ = self.terminate.recv() => Signal::Terminate,
            _ = self.quit.recv() => Signal::Quit,
            _ = self.hang_up.recv() => Signal::HangUp,
        }
    }
}

#[derive(Debug)]
pub(super) struct PlatformStopKey;

impl PlatformStopKey {
    pub(super) fn listen() -> io::Result<PlatformStopKey> {
        Ok(PlatformStopKey)
    }

    pub(super) async fn pressed(&mut self) {
        std::future::pending().await
    }
}
