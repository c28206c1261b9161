//! `meta` tasks: what they do to the host that comes to them, or to all.
use super::begin::failed;
use super::lane::Entry;
use super::message::{Begun, Effect, HostId, InventoryChange, Meta, Outcome, Output, Work};
use super::place::TaskKey;
use super::step::Engine;
use std::sync::Arc;

impl Engine {
    pub(super) fn do_meta(&mut self, host: HostId, key: TaskKey, begun: Arc<Begun>, meta: Meta) -> bool {
        let quiet = matches!(meta, Meta::ResetConnection | Meta::RefreshInventory);
        if quiet && !self.lanes[host].window.is_empty() {
            return false;
        }
        if meta == Meta::FlushHandlers && key.is_in_flush() {
            self.push_known(host, key, begun, failed("flush_handlers cannot be used as a handler"), Vec::new());
            self.lanes[host].cursor.pass(&self.lists);
            return true;
        }
        self.push_known(host, key, begun, Outcome::default(), Vec::new());
        let lane = &mut self.lanes[host];
        match meta {
            Meta::FlushHandlers => lane.cursor.flush(&self.lists),
            Meta::EndHost => lane.cursor.end(),
            Meta::EndRole => lane.cursor.end_role(&self.lists),
            Meta::ClearHostErrors => {
                // Before it leaves an always section in which its failure would go on.
                lane.cursor.clear_errors();
                lane.cursor.pass(&self.lists);
            }
            _ => lane.cursor.pass(&self.lists),
        }
        match meta {
            Meta::ResetConnection => {
                // What others have under way there is the connection's to wait for.
                let own = self.own_connections.iter().filter(|(of, _)| *of == host);
                let resets = own.map(|(_, connection)| Output::Reset { connection: connection.clone() });
                self.outputs.extend(resets);
            }
            Meta::RefreshInventory => self.outputs.push(Output::Inventory(InventoryChange::Refresh)),
            _ => {}
        }
        true
    }

    /// What a `meta` task does once it has settled: nothing before it can fail any more.
    pub(super) fn settle_meta(&mut self, host: HostId, entry: &Entry) {
        let Work::Meta(meta) = entry.begun.work else { return };
        let hosts = self.run.batch_hosts();
        match meta {
            Meta::EndPlay | Meta::EndBatch => {
                self.run.end_play |= meta == Meta::EndPlay;
                self.end_all();
            }
            Meta::ClearHostErrors => {
                for lane in self.lanes.values_mut() {
                    lane.gone = false;
                    lane.lost_at = None;
                    lane.cursor.clear_errors();
                    lane.window.iter_mut().for_each(|entry| entry.cursor.clear_errors());
                }
                self.run.failed_at_once.clear();
                self.forget_seen();
            }
            Meta::ClearFacts if self.order.linear => {
                for other in hosts.iter() {
                    self.lanes[*other].teach(0, &Effect::ClearFacts);
                }
            }
            Meta::ClearFacts => self.lanes[host].teach(0, &Effect::ClearFacts),
            _ => {}
        }
    }
}
