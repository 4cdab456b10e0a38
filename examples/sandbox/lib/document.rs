//! Valid CPF and CNPJ numbers for invented people and companies.

/// The valid CPF whose first nine digits are `number`'s, digits only.
pub fn cpf(number: u64) -> String {
    let mut digits: Vec<u32> =
        format!("{:09}", number % 1_000_000_000).chars().filter_map(|c| c.to_digit(10)).collect();
    for length in [9, 10] {
        let sum: u32 = digits.iter().zip((2..=length + 1).rev()).map(|(digit, weight)| digit * weight).sum();
        digits.push(check_digit(sum));
    }
    digits.iter().map(ToString::to_string).collect()
}

/// The valid numeric CNPJ of the root `number`, first branch, digits only.
pub fn cnpj(number: u64) -> String {
    let mut digits: Vec<u32> =
        format!("{:08}0001", number % 100_000_000).chars().filter_map(|c| c.to_digit(10)).collect();
    for _ in 0..2 {
        // Weights 2 to 9 from the right, over and over.
        let sum: u32 = digits.iter().rev().zip((2..=9).cycle()).map(|(digit, weight)| digit * weight).sum();
        digits.push(check_digit(sum));
    }
    digits.iter().map(ToString::to_string).collect()
}

fn check_digit(sum: u32) -> u32 {
    match sum % 11 {
        0 | 1 => 0,
        rest => 11 - rest,
    }
}
