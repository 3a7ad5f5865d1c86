//! Which models are asked, in which order.

use std::collections::BTreeMap;

use super::target::Target;

/// A default list and lists of their own for some roles. The first is asked first, the others are its fallbacks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Route {
    pub default: Vec<Target>,
    pub roles: BTreeMap<String, Vec<Target>>,
}

impl Route {
    pub fn to(targets: impl IntoIterator<Item = Target>) -> Self {
        Self {
            default: targets.into_iter().collect(),
            roles: BTreeMap::new(),
        }
    }

    /// Primary, then fallbacks, each target once.
    pub fn plan(&self, role: &str) -> Vec<Target> {
        let listed = self.roles.get(role).unwrap_or(&self.default);
        let mut plan: Vec<Target> = Vec::with_capacity(listed.len());
        for target in listed {
            if !plan.contains(target) {
                plan.push(target.clone());
            }
        }
        plan
    }

    /// Every target of any plan, once.
    pub fn targets(&self) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for target in self.default.iter().chain(self.roles.values().flatten()) {
            if !targets.contains(target) {
                targets.push(target.clone());
            }
        }
        targets
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_role_may_have_its_own_list() {
        let (a, b) = (Target::new("a", "1"), Target::new("b", "2"));
        let mut route = Route::to([a.clone(), b.clone(), a.clone()]);
        route.roles.insert("coordinator".into(), vec![b.clone()]);
        assert_eq!(route.plan("geographic"), [a.clone(), b.clone()]);
        assert_eq!(route.plan("coordinator"), [Target::new("b", "2")]);
        assert_eq!(route.targets(), [a, b]);
    }
}
