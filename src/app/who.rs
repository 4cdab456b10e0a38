//! Who is at the keyboard, for what is kept of a person's deeds.

/// The person's name as the operating system has it: who called `sudo`, else whose process this is.
pub fn who() -> String {
    let named = |variable| std::env::var(variable).ok().filter(|name: &String| !name.is_empty());
    named("SUDO_USER").or_else(owner).or_else(|| named("USER")).unwrap_or_else(|| "somebody".into())
}

/// The name of the user this process belongs to; the environment of cron need not tell it.
fn owner() -> Option<String> {
    #[cfg(unix)]
    {
        let uid = std::os::unix::fs::MetadataExt::uid(&std::fs::metadata("/proc/self").ok()?);
        let users = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
        Some(name_of(uid, &users).unwrap_or_else(|| format!("uid {uid}")))
    }
    #[cfg(not(unix))]
    None
}

#[cfg(unix)]
fn name_of(uid: u32, users: &str) -> Option<String> {
    users.lines().find_map(|line| {
        let mut fields = line.split(':');
        let (name, number) = (fields.next()?, fields.nth(1)?);
        (number == uid.to_string()).then(|| name.to_owned())
    })
}

#[cfg(test)]
mod tests {
    #[cfg(unix)]
    #[test]
    fn a_user_is_found_by_number() {
        let users = "root:x:0:0:root:/root:/bin/sh\nana:x:1001:100:Ana,,,:/home/ana:/bin/sh\nbroken\n";
        assert_eq!(super::name_of(1001, users).as_deref(), Some("ana"));
        assert_eq!(super::name_of(100, users), None);
        assert!(!super::who().is_empty());
    }
}
