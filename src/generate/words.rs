//! The vocabulary of the made-up company: what a bill line, an event, a call can say. Each list is
//! closed and in a fixed order, so that a writer can put its own words beside it, by position.

macro_rules! words {
    ($(#[$about:meta])* $name:ident { $($variant:ident = $word:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub(super) enum $name { $($variant),+ }

        impl $name {
            /// Every one, in order.
            pub(super) const ALL: &[Self] = &[$(Self::$variant),+];

            /// The canonical word.
            pub(super) fn word(self) -> &'static str {
                match self { $(Self::$variant => $word),+ }
            }

            /// A writer's own word, from a list in the order of `ALL`.
            pub(super) fn among(self, words: &[&'static str; Self::ALL.len()]) -> &'static str {
                words[self as usize]
            }
        }
    };
}

words! {
    /// Where a customer lives.
    Region {
        Yinchuan = "yinchuan", Shizuishan = "shizuishan", Wuzhong = "wuzhong",
        Guyuan = "guyuan", Zhongwei = "zhongwei",
    }
}

words! {
    /// The brand a customer holds.
    Product { Prepaid = "prepaid", Youth = "youth", Premium = "premium", Home = "home" }
}

words! {
    /// What kind of customer it is.
    Segment { Consumer = "consumer", Business = "business", Student = "student" }
}

words! {
    /// The kind of an outlet.
    Channel { OwnStore = "own_store", Dealer = "dealer", Online = "online", Telesales = "telesales" }
}

words! {
    /// What a bill line charges for.
    Charge {
        MonthlyFee = "monthly_fee", Usage = "usage", ValueAdded = "value_added",
        Discount = "discount", Credit = "credit", Trial = "trial",
    }
}

words! {
    /// What happens in the sales and service channels.
    EventKind {
        Activate = "activate", Resume = "resume", PortIn = "port_in", Terminate = "terminate",
        PortOut = "port_out", Transfer = "transfer", Suspend = "suspend", Renew = "renew",
        Profile = "profile", Visit = "visit", Inspection = "inspection",
    }
}

words! {
    /// Why a customer ended it, or had it ended.
    Reason {
        Price = "price", Convenience = "convenience", Quality = "quality", Service = "service",
        Response = "response", Competitor = "competitor", Ethics = "ethics",
        Relocation = "relocation", Death = "death", Bankruptcy = "bankruptcy",
        ChangedBusiness = "changed_business", OutletMoved = "outlet_moved",
        LifeChange = "life_change", Arrears = "arrears", Fraud = "fraud", Underuse = "underuse",
    }
}

words! {
    /// Why a customer calls.
    Category {
        Inquiry = "inquiry", Complaint = "complaint", Fault = "fault",
        CancelRequest = "cancel_request",
    }
}

words! {
    /// What a call is about.
    Topic { Billing = "billing", Network = "network", Service = "service", Price = "price" }
}

/// A place that sells and serves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outlet {
    pub region: Region,
    pub channel: Channel,
    pub number: u32,
}

impl Outlet {
    /// The dealer whose activations are worth little.
    pub(super) const BAD: Self =
        Self { region: Region::Guyuan, channel: Channel::Dealer, number: 7 };

    /// Its name, unique in the company.
    pub(super) fn name(self) -> String {
        format!("{}_{}_{}", self.channel.word(), self.region.word(), self.number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_writer_has_its_own_words_by_position() {
        assert_eq!(Segment::Business.word(), "business");
        assert_eq!(Segment::Business.among(&["private", "fleet", "taxi"]), "fleet");
    }

    #[test]
    fn an_outlet_is_named_after_its_kind_and_place() {
        assert_eq!(Outlet::BAD.name(), "dealer_guyuan_7");
    }
}
