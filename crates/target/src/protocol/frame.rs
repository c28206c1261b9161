//! Messages as bytes: a length of four bytes (little endian), then the message; the length's highest bit says that the message
//! is compressed. Whatever bytes come, decoding gives a message or an error.
use serde::{Serialize, de::DeserializeOwned};
use std::io::{self, Read, Write};

/// No message is longer, compressed or not: a broken peer must not make the other end swallow its memory.
pub const MAX_FRAME: usize = 256 << 20;
/// From here on compression pays.
const WORTH_IT: usize = 1 << 10;
const COMPRESSED: u32 = 1 << 31;
const HEAD: usize = 4;

#[derive(Debug, PartialEq, Eq)]
pub enum FrameError {
    /// The length says more than any message has.
    TooLong(usize),
    /// The bytes are no message of this build.
    Malformed,
}

impl std::fmt::Display for FrameError {
    fn fmt(&self, f: &mut std::fmt::Formatter) -> std::fmt::Result {
        match self {
            FrameError::TooLong(length) => write!(f, "a frame of {length} bytes is longer than any message"),
            FrameError::Malformed => f.write_str("a frame holds no message that this build knows"),
        }
    }
}
impl std::error::Error for FrameError {}
impl From<FrameError> for io::Error {
    fn from(error: FrameError) -> Self {
        io::Error::new(io::ErrorKind::InvalidData, error)
    }
}

/// A message as a whole frame.
pub fn encode<T: Serialize>(message: &T) -> Result<Vec<u8>, FrameError> {
    let plain = postcard::to_stdvec(message).map_err(|_| FrameError::Malformed)?;
    if plain.len() > MAX_FRAME {
        return Err(FrameError::TooLong(plain.len()));
    }
    let packed = (plain.len() > WORTH_IT).then(|| lz4_flex::compress_prepend_size(&plain));
    let (body, mark) = match packed {
        Some(packed) if packed.len() < plain.len() => (packed, COMPRESSED),
        _ => (plain, 0),
    };
    let mut frame = Vec::with_capacity(HEAD + body.len());
    frame.extend((body.len() as u32 | mark).to_le_bytes());
    frame.extend(body);
    Ok(frame)
}

/// The message of one frame's body.
pub fn decode<T: DeserializeOwned>(body: &[u8], compressed: bool) -> Result<T, FrameError> {
    if !compressed {
        return postcard::from_bytes(body).map_err(|_| FrameError::Malformed);
    }
    let size = body.first_chunk().map(|size| u32::from_le_bytes(*size) as usize).ok_or(FrameError::Malformed)?;
    if size > MAX_FRAME {
        return Err(FrameError::TooLong(size));
    }
    let plain = lz4_flex::decompress_size_prepended(body).map_err(|_| FrameError::Malformed)?;
    postcard::from_bytes(&plain).map_err(|_| FrameError::Malformed)
}

fn head(bytes: [u8; HEAD]) -> Result<(usize, bool), FrameError> {
    let word = u32::from_le_bytes(bytes);
    let length = (word & !COMPRESSED) as usize;
    if length > MAX_FRAME { Err(FrameError::TooLong(length)) } else { Ok((length, word & COMPRESSED != 0)) }
}

/// Takes bytes as they come and gives messages as they are complete.
#[derive(Debug, Default)]
pub struct Decoder {
    buffer: Vec<u8>,
    /// What of the buffer was taken already.
    taken: usize,
}

impl Decoder {
    pub fn push(&mut self, bytes: &[u8]) {
        self.buffer.drain(..self.taken);
        self.taken = 0;
        self.buffer.extend_from_slice(bytes);
    }

    /// The next message, if all of it has come. After an error the stream has no more sense.
    #[expect(clippy::should_implement_trait, reason = "which message it is, the caller says")]
    pub fn next<T: DeserializeOwned>(&mut self) -> Result<Option<T>, FrameError> {
        let rest = &self.buffer[self.taken..];
        let Some(first) = rest.first_chunk() else { return Ok(None) };
        let (length, compressed) = head(*first)?;
        let Some(body) = rest.get(HEAD..HEAD + length) else { return Ok(None) };
        let message = decode(body, compressed)?;
        self.taken += HEAD + length;
        Ok(Some(message))
    }
}

/// For blocking readers; nothing at the end of the stream.
pub fn read_frame<T: DeserializeOwned>(reader: &mut impl Read) -> io::Result<Option<T>> {
    let mut first = [0; HEAD];
    let mut have = 0;
    while have < HEAD {
        match reader.read(&mut first[have..]) {
            Ok(0) if have == 0 => return Ok(None),
            Ok(0) => return Err(io::ErrorKind::UnexpectedEof.into()),
            Ok(count) => have += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    let (length, compressed) = head(first)?;
    // Grows as bytes come, so that a length alone takes no memory.
    let mut body = Vec::new();
    reader.take(length as u64).read_to_end(&mut body)?;
    if body.len() < length {
        return Err(io::ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(decode(&body, compressed)?))
}

pub fn write_frame(writer: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    writer.write_all(&encode(message)?)?;
    writer.flush()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::protocol::{Answer, Body, Call, FromHelper, Hold, Identity, Mode, Password, ToHelper};
    use value::{Map, Str, Value};

    fn call(content: &str) -> ToHelper {
        let args: Map = [
            ("content", Value::Str(Str::from(content).with_secrecy(true))),
            ("mode", Value::Int(0o644)),
            ("list", Value::list([Value::Null, Value::Float(1.5), Value::Bytes([0, 255].as_slice().into())])),
        ]
        .into_iter()
        .collect();
        let password = Some(Password("x".into()));
        let identity = Identity { method: "sudo".into(), user: "root".into(), exe: None, flags: vec![], password };
        ToHelper::Call(Call {
            id: 7,
            lane: 1,
            key: "1.2".into(),
            epoch: 3,
            identity: Some(identity),
            hold: Hold::AtChange,
            stop_on_fail: true,
            body: Body {
                module: "copy".into(),
                items: vec![args],
                mode: Mode::Check,
                diff: true,
                environment: vec![("A".into(), "b".into())],
                timeout: Some(3),
                no_log: false,
            },
        })
    }

    #[test]
    fn messages_come_back_as_they_were_sent_however_the_stream_is_cut() {
        let long = "the same again ".repeat(1000);
        let messages = [call("short"), call(&long), ToHelper::Commit { lane: 1, id: 7 }];
        let stream: Vec<u8> = messages.iter().flat_map(|message| encode(message).unwrap()).collect();
        assert!(stream.len() < long.len(), "long messages are compressed");
        for step in [1, 2, 3, 7, 1000, stream.len()] {
            let (mut decoder, mut back) = (Decoder::default(), Vec::new());
            for piece in stream.chunks(step) {
                decoder.push(piece);
                while let Some(message) = decoder.next::<ToHelper>().unwrap() {
                    back.push(message);
                }
            }
            assert_eq!(back, messages, "{step}");
            assert!(decoder.next::<ToHelper>().unwrap().is_none());
        }
        let mut reader = stream.as_slice();
        for message in &messages {
            assert_eq!(read_frame::<ToHelper>(&mut reader).unwrap().as_ref(), Some(message));
        }
        assert_eq!(read_frame::<ToHelper>(&mut reader).unwrap(), None);
    }

    #[test]
    fn a_secret_stays_secret_on_its_way() {
        let frame = encode(&call("hunter2")).unwrap();
        let Ok(ToHelper::Call(call)) = decode(&frame[HEAD..], false) else { panic!("no call") };
        assert!(call.body.items[0].get("content").is_some_and(Value::holds_secret));
    }

    /// A small generator with a seed, so that a failing case can be had again.
    struct Random(u64);
    impl Random {
        fn next(&mut self) -> u64 {
            self.0 ^= self.0 << 13;
            self.0 ^= self.0 >> 7;
            self.0 ^= self.0 << 17;
            self.0
        }
    }

    #[test]
    fn arbitrary_bytes_never_panic() {
        let mut random = Random(0x9e37_79b9_7f4a_7c15);
        let good = encode(&FromHelper::Done { lane: 0, id: 1, items: vec![Answer::default()] }).unwrap();
        let better = encode(&call(&"abc".repeat(2000))).unwrap();
        for round in 0..20_000 {
            let mut bytes = match round % 3 {
                0 => (0..random.next() % 64).map(|_| random.next() as u8).collect(),
                1 => good.clone(),
                _ => better.clone(),
            };
            for _ in 0..=random.next() % 4 {
                let at = random.next() as usize % bytes.len().max(1);
                if let Some(byte) = bytes.get_mut(at) {
                    *byte = random.next() as u8;
                }
            }
            let mut decoder = Decoder::default();
            decoder.push(&bytes);
            while let Ok(Some(_)) = decoder.next::<FromHelper>() {}
            let _ = read_frame::<ToHelper>(&mut bytes.as_slice());
            let _ = decode::<ToHelper>(&bytes, round % 2 == 0);
        }
    }

    #[test]
    fn a_value_nested_without_end_is_refused_and_not_followed() {
        // Frames of one list in another: each level takes two bytes, and following them would take the whole stack.
        let nested: Vec<u8> = [8, 1].repeat(1 << 20);
        assert!(postcard::from_bytes::<Value>(&nested).is_err());
    }

    #[test]
    fn a_frame_that_claims_too_much_is_refused() {
        let mut decoder = Decoder::default();
        decoder.push(&0x7fff_ffff_u32.to_le_bytes());
        assert_eq!(decoder.next::<FromHelper>(), Err(FrameError::TooLong(0x7fff_ffff)));
        let mut bomb = u32::MAX.to_le_bytes().to_vec();
        bomb.extend([0; 16]);
        assert_eq!(decode::<FromHelper>(&bomb, true), Err(FrameError::TooLong(u32::MAX as usize)));
    }
}
