//! Which handlers a notification calls.
use super::lists::Lists;

impl Lists {
    /// The numbers of the handlers that these notifications call: by name the last that has it, by topic all. A name that
    /// nobody has comes back.
    pub fn called(&self, notifications: &[String]) -> (Vec<u32>, Option<String>) {
        let (mut called, mut unknown) = (Vec::new(), None);
        for wanted in notifications {
            let before = called.len();
            let named = self.names.iter().rposition(|handler| handler.names.contains(wanted));
            let listening = self.names.iter().enumerate().filter(|(_, handler)| handler.topics.contains(wanted));
            called.extend(listening.map(|(index, _)| index).chain(named).filter_map(|index| u32::try_from(index).ok()));
            if called.len() == before {
                unknown.get_or_insert_with(|| wanted.clone());
            }
        }
        (called, unknown)
    }

    /// As the first of its names.
    pub fn handler_name(&self, handler: u32) -> String {
        let names = self.names.get(handler as usize);
        names.and_then(|handler| handler.names.first()).cloned().unwrap_or_default()
    }
}
