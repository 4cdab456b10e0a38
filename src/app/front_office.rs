//! Opening a configured channel.

use secrecy::ExposeSecret;

use super::{Failure, budget};
use crate::channel::Channel;
use crate::channel::anymarket::Anymarket;
use crate::channel::vtex::Vtex;
use crate::clock::Clock;
use crate::config::{ChannelConfig, ChannelKind, Config};
use crate::exit::Exit;
use crate::http::{Door, DoorOptions, RetryPolicy};
use crate::lang::say;
use crate::stop::Stop;
use crate::store::joint::Together;

/// The channel with its door; the message says which setting is wrong.
pub(super) fn open(
    config: &Config,
    channel: &ChannelConfig,
    dry_run: bool,
    clock: &Clock,
    stop: &Stop,
) -> Result<Channel, Failure> {
    open_beside(&Together::default(), config, channel, dry_run, clock, stop)
}

/// The same, beside writes to the state file that are committed together.
pub(super) fn open_beside(
    together: &Together,
    config: &Config,
    channel: &ChannelConfig,
    dry_run: bool,
    clock: &Clock,
    stop: &Stop,
) -> Result<Channel, Failure> {
    let wrong = |problem: String| Failure::new(Exit::Config, problem);
    let door = |options: DoorOptions| door(config, channel, dry_run, options, together);
    let name = channel.name.clone();
    Ok(match &channel.kind {
        ChannelKind::Vtex { base_url, app_key, app_token, feed } => {
            let app_key = app_key.fetch().map_err(wrong)?;
            let door = door(DoorOptions {
                // A key's name is no secret, and tells a person which key to look at.
                identity: Some(app_key.expose_secret().to_owned()),
                secret_headers: vec![
                    ("X-VTEX-API-AppKey".into(), app_key),
                    ("X-VTEX-API-AppToken".into(), app_token.fetch().map_err(wrong)?),
                ],
                // Required by VTEX's description even where there is no body.
                headers: vec![("Content-Type".into(), "application/json".into())],
                html_is_login_page: true,
                ..DoorOptions::new(base_url, clock.clone(), stop.clone())
            })?;
            Channel::Vtex(Vtex::new(name, door, *feed))
        }
        ChannelKind::Anymarket { base_url, token, platform, oi, options } => {
            let mut headers = vec![("platform".to_owned(), platform.clone())];
            headers.extend(oi.iter().map(|oi| ("gumgaOi".to_owned(), oi.clone())));
            let door = door(DoorOptions {
                identity: Some(say!("the token of channel {name}" | "o token do canal {name}")),
                secret_headers: vec![("gumgaToken".into(), token.fetch().map_err(wrong)?)],
                headers,
                ..DoorOptions::new(base_url, clock.clone(), stop.clone())
            })?;
            Channel::Anymarket(Anymarket::new(name, door, clock.clone(), options.clone()))
        }
    })
}

/// A door with the channel's pacing and patience.
fn door(
    config: &Config,
    channel: &ChannelConfig,
    dry_run: bool,
    options: DoorOptions,
    together: &Together,
) -> Result<Door, Failure> {
    let limits = &channel.limits;
    let budget = budget(config, &options.base_url, limits, dry_run, &options.clock, together)?;
    Door::new(DoorOptions {
        timeout: limits.timeout,
        retry: RetryPolicy { max_wait: limits.max_wait, ..RetryPolicy::default() },
        in_flight: limits.in_flight,
        budget: Some(budget),
        together: together.clone(),
        follow_quota: limits.follow_quota,
        ..options
    })
    .map_err(|error| {
        let file = config.file.display();
        Failure::new(Exit::Config, format!("{file}: `channels.{}.base_url`: {error}", channel.name))
    })
}
