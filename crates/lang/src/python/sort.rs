//! Python's `sorted`: stable, and of values that may turn out to have no order. (The library's own sort may panic on an order
//! that contradicts itself, which `nan` in a list makes.)
use std::cmp::Ordering;

/// The first fault of a comparison ends it.
pub fn sorted<T, E>(mut items: Vec<T>, compare: &mut impl FnMut(&T, &T) -> Result<Ordering, E>) -> Result<Vec<T>, E> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut left = sorted(items, compare)?.into_iter().peekable();
    let mut right = sorted(right, compare)?.into_iter().peekable();
    let mut merged = Vec::with_capacity(left.len() + right.len());
    while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
        let take_right = compare(two, one)? == Ordering::Less;
        merged.extend(if take_right { right.next() } else { left.next() });
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn equal_items_keep_their_order_and_contradictions_do_no_harm() {
        let items: Vec<(u32, u32)> = (0..1000).map(|at| (at * 7919 % 10, at)).collect();
        let ordered = sorted(items.clone(), &mut |one, two| Ok::<_, ()>(one.0.cmp(&two.0))).unwrap();
        let mut expected = items;
        expected.sort_by_key(|item| item.0);
        assert_eq!(ordered, expected);
        let floats: Vec<f64> =
            (0..200).map(|at| if at % 3 == 0 { f64::NAN } else { f64::from(at * 31 % 17) }).collect();
        let mut compare = |one: &f64, two: &f64| Ok::<_, ()>(one.partial_cmp(two).unwrap_or(Ordering::Greater));
        assert_eq!(sorted(floats, &mut compare).unwrap().len(), 200);
        assert_eq!(sorted(vec![1, 2], &mut |_, _| Err("no order")), Err("no order"));
    }
}
