using System.Security.Cryptography;
using Tokenry.Protocol.Jose;
using Tokenry.Protocol.Proofs;
using Tokenry.Protocol.Tests.Jose;

namespace Tokenry.Protocol.Tests.Proofs;

/// <summary>The profile: what a signature must cover and say, when it is good, and with which key.</summary>
public sealed class MessageSignatureValidatorTests
{
    private readonly MessageForge forge = new();

    [Fact]
    public void A_good_signature_says_whose_it_is_and_how_long_to_remember_it()
    {
        var input = $"s={MessageForge.Covered}{MessageForge.Parameters()}";
        Assert.Equal(MessageSignatureFault.None, forge.Validate(input, forge.Sign(input), message: null, out var proof));
        Assert.Equal(new MessageProof("key_1", "n1", TokenForge.Now.AddSeconds(301)), proof);
    }

    [Theory]
    [InlineData("(\"@authority\" \"@path\" \"@query\")")]
    [InlineData("(\"@method\" \"@path\" \"@query\")")]
    [InlineData("(\"@method\" \"@authority\" \"@query\")")]
    [InlineData("(\"@method\" \"@authority\" \"@path\")")]
    [InlineData("(\"@method\" \"@authority\" \"@target-uri\")")]
    [InlineData("()")]
    public void A_required_component_that_is_missing_is_refused(string covered) =>
        Assert.Equal(MessageSignatureFault.Uncovered, forge.Judge(covered + MessageForge.Parameters()));

    [Theory]
    [InlineData("\"@method\"")]
    [InlineData("\"x-a\" \"x-a\"")]
    [InlineData("\"@request-target\"")]
    [InlineData("\"@status\"")]
    [InlineData("\"@query-param\";name=\"limit\"")]
    [InlineData("\"@signature-params\"")]
    [InlineData("\"@\"")]
    [InlineData("\"\"")]
    [InlineData("\"X-A\"")]
    [InlineData("\"x a\"")]
    [InlineData("\"x-a\";sf")]
    [InlineData("\"x-a\";bs")]
    [InlineData("\"x-a\";key=\"k\"")]
    [InlineData("\"x-a\";tr")]
    [InlineData("\"x-a\";req")]
    [InlineData("\"x-a\";new")]
    [InlineData("\"@method\";req")]
    public void A_component_twice_an_unknown_one_and_one_with_parameters_are_refused(string component)
    {
        forge.Fields["x-a"] = ["1"];
        var covered = $"{MessageForge.Covered[..^1]} {component})";
        Assert.Equal(MessageSignatureFault.InvalidComponents, forge.Judge(covered + MessageForge.Parameters()));
    }

    [Fact]
    public void A_covered_header_that_is_absent_is_refused()
    {
        var value = $"{MessageForge.Covered[..^1]} \"x-a\"){MessageForge.Parameters()}";
        Assert.Equal(MessageSignatureFault.MissingField, forge.Judge(value));
        forge.Fields["x-a"] = [""];
        Assert.Equal(MessageSignatureFault.None, forge.Judge(value));
    }

    [Theory]
    [InlineData("a=()", "")]
    [InlineData("", "a=:AA==:")]
    [InlineData("a=()", "b=:AA==:")]
    [InlineData("a=(), b=()", "a=:AA==:")]
    [InlineData("a=()", "a=:AA==:, b=:AA==:")]
    public void A_label_in_one_field_alone_is_refused(string input, string signature)
    {
        Assert.Equal(MessageSignatureFault.Unpaired, forge.Judge(input, signature));
        var ours = $"s={MessageForge.Covered}{MessageForge.Parameters()}";
        Assert.Equal(MessageSignatureFault.Unpaired, forge.Judge(Both(input, ours), Both(signature, forge.Sign(ours))));
    }

    [Fact]
    public void Two_labels_with_our_tag_are_refused()
    {
        var first = $"a={MessageForge.Covered}{MessageForge.Parameters()}";
        var second = $"b={MessageForge.Covered}{MessageForge.Parameters(nonce: "n2")}";
        Assert.Equal(MessageSignatureFault.Several, forge.Judge(Both(first, second), Both(forge.Sign(first), forge.Sign(second))));
    }

    [Theory]
    [InlineData("a=(\"@status\";req \"x-a\";sf);created=1;alg=\"ed25519\";tag=\"other\"")]
    [InlineData("a=()")]
    [InlineData("a=(\"@method\" \"@method\");created=9;nonce=\"n1\";keyid=\"key_1\";tag=\"Tokenry-v1\"")]
    public void Foreign_labels_are_ignored(string foreign)
    {
        var ours = $"s={MessageForge.Covered}{MessageForge.Parameters()}";
        Assert.Equal(MessageSignatureFault.Absent, forge.Judge(foreign, "a=:AA==:"));
        Assert.Equal(MessageSignatureFault.None, forge.Judge(Both(foreign, ours), Both("a=:AA==:", forge.Sign(ours))));
        Assert.Equal(MessageSignatureFault.None, forge.Judge(Both(ours, foreign), Both(forge.Sign(ours), "a=:AA==:")));
    }

    [Fact]
    public void A_request_without_the_fields_is_not_signed()
    {
        Assert.Equal(MessageSignatureFault.Absent, new MessageSignatureValidator(forge.Time).Read([], [], out _));
        Assert.Equal(MessageSignatureFault.Absent, forge.Judge("", ""));
    }

    [Fact]
    public void Lines_of_the_fields_are_one_text()
    {
        var ours = $"s={MessageForge.Covered}{MessageForge.Parameters()}";
        var validator = new MessageSignatureValidator(forge.Time);
        Assert.Equal(MessageSignatureFault.None, validator.Read(["a=()", ours], [forge.Sign(ours), "a=:AA==:"], out var found));
        Assert.True(found!.Verify(forge.Message, MessageForge.Key).IsValid);
        Assert.Equal(MessageSignatureFault.Malformed, validator.Read([ours, ours], [forge.Sign(ours)], out _));
        Assert.Equal(MessageSignatureFault.Malformed, validator.Read([ours], [forge.Sign(ours), forge.Sign(ours)], out _));
    }

    [Theory]
    [InlineData("", -300, MessageSignatureFault.None)]
    [InlineData("", -301, MessageSignatureFault.Expired)]
    [InlineData("", 60, MessageSignatureFault.None)]
    [InlineData("", 61, MessageSignatureFault.NotYetValid)]
    [InlineData(";expires={1}", -10, MessageSignatureFault.None)]
    [InlineData(";expires={0}", -10, MessageSignatureFault.Expired)]
    [InlineData(";expires={1}", 2, MessageSignatureFault.Expired)]
    [InlineData(";expires={1}", 1, MessageSignatureFault.None)]
    [InlineData(";expires=253402300799", -301, MessageSignatureFault.Expired)]
    public void A_signature_is_young_and_not_from_the_future(string expires, int seconds, MessageSignatureFault fault)
    {
        var now = TokenForge.Now.ToUnixTimeSeconds();
        var parameters = MessageForge.Parameters(seconds) + string.Format(expires, now, now + 1);
        Assert.Equal(fault, forge.Judge(MessageForge.Covered + parameters));
    }

    [Theory]
    [InlineData(-300, null)]
    [InlineData(0, null)]
    [InlineData(60, null)]
    [InlineData(0, 1)]
    [InlineData(0, 299)]
    [InlineData(-5, 900)]
    public void It_is_to_be_remembered_for_as_long_as_it_is_good(int created, int? expires)
    {
        var tail = expires is null ? "" : $";expires={TokenForge.Now.ToUnixTimeSeconds() + expires}";
        var input = $"s={MessageForge.Covered}{MessageForge.Parameters(created)}{tail}";
        Assert.Equal(MessageSignatureFault.None, forge.Validate(input, forge.Sign(input), message: null, out var proof));
        forge.Time.AdjustTime(proof!.KeepUntil);
        Assert.Equal(MessageSignatureFault.Expired, forge.Judge(input, forge.Sign(input)));
        forge.Time.AdjustTime(proof.KeepUntil.AddSeconds(-1));
        Assert.Equal(MessageSignatureFault.None, forge.Judge(input, forge.Sign(input)));
    }

    [Theory]
    [InlineData(";nonce=\"n\";keyid=\"k\";tag=\"tokenry-v1\"")]
    [InlineData(";created={0};keyid=\"k\";tag=\"tokenry-v1\"")]
    [InlineData(";created={0};nonce=\"n\";tag=\"tokenry-v1\"")]
    [InlineData(";created={0};nonce=\"\";keyid=\"k\";tag=\"tokenry-v1\"")]
    [InlineData(";created={0};nonce=\"a b\";keyid=\"k\";tag=\"tokenry-v1\"")]
    [InlineData(";created={0};nonce=\"n\";keyid=\"\";tag=\"tokenry-v1\"")]
    [InlineData(";created={0};nonce=\"n\";keyid=\" k\";tag=\"tokenry-v1\"")]
    public void Created_nonce_and_keyid_are_needed(string parameters) =>
        Assert.Equal(
            MessageSignatureFault.InvalidParameters,
            forge.Judge(MessageForge.Covered + string.Format(parameters, TokenForge.Now.ToUnixTimeSeconds()))
        );

    [Theory]
    [InlineData(256, 200, MessageSignatureFault.None)]
    [InlineData(257, 200, MessageSignatureFault.InvalidParameters)]
    [InlineData(256, 201, MessageSignatureFault.InvalidParameters)]
    public void A_nonce_has_up_to_256_characters_and_a_keyid_200(int nonce, int keyId, MessageSignatureFault fault) =>
        Assert.Equal(
            fault,
            forge.Judge(MessageForge.Covered + MessageForge.Parameters(nonce: new string('n', nonce), keyId: new string('k', keyId)))
        );

    [Theory]
    [InlineData(";created={0};created={0}")]
    [InlineData(";expires={0};expires={0}")]
    [InlineData(";nonce=\"a\";nonce=\"a\"")]
    [InlineData(";keyid=\"a\";keyid=\"a\"")]
    [InlineData(";tag=\"tokenry-v1\";tag=\"tokenry-v1\"")]
    [InlineData(";alg=\"hmac-sha256\";alg=\"hmac-sha256\"")]
    [InlineData(";created=\"{0}\"")]
    [InlineData(";created=-1")]
    [InlineData(";created=1.5")]
    [InlineData(";created=253402300800")]
    [InlineData(";created=1000000000000000")]
    [InlineData(";created")]
    [InlineData(";nonce=n")]
    [InlineData(";nonce=:AA==:")]
    [InlineData(";keyid=7")]
    [InlineData(";tag=tokenry-v1")]
    public void A_parameter_twice_or_of_another_type_is_refused(string parameters) =>
        Assert.Equal(
            MessageSignatureFault.Malformed,
            forge.Judge(MessageForge.Covered + string.Format(parameters, TokenForge.Now.ToUnixTimeSeconds()))
        );

    [Theory]
    [InlineData("hmac-sha256", MessageSignatureFault.None)]
    [InlineData("ecdsa-p256-sha256", MessageSignatureFault.WrongAlgorithm)]
    [InlineData("HMAC-SHA256", MessageSignatureFault.UnsupportedAlgorithm)]
    [InlineData("ed25519", MessageSignatureFault.UnsupportedAlgorithm)]
    [InlineData("rsa-pss-sha512", MessageSignatureFault.UnsupportedAlgorithm)]
    [InlineData("rsa-v1_5-sha256", MessageSignatureFault.UnsupportedAlgorithm)]
    [InlineData("ecdsa-p384-sha384", MessageSignatureFault.UnsupportedAlgorithm)]
    [InlineData("none", MessageSignatureFault.UnsupportedAlgorithm)]
    [InlineData("", MessageSignatureFault.UnsupportedAlgorithm)]
    public void The_algorithm_is_the_keys_whatever_the_request_says(string algorithm, MessageSignatureFault fault) =>
        Assert.Equal(fault, forge.Judge($"{MessageForge.Covered}{MessageForge.Parameters()};alg=\"{algorithm}\""));

    [Fact]
    public void Elliptic_curve_keys_verify_and_other_registered_keys_do_not()
    {
        using var ecdsa = ECDsa.Create(ECCurve.NamedCurves.nistP256);
        using var rsa = RSA.Create(2048);
        using var es256 = new VerificationKey("k", ecdsa);
        using var rs256 = new VerificationKey("k", rsa);
        var input = $"s={MessageForge.Covered}{MessageForge.Parameters()}";
        var signature = forge.Sign(input, new RequestSigningKey(ecdsa));
        Assert.Equal(MessageSignatureFault.None, new MessageSignatureValidator(forge.Time).Read([input], [signature], out var found));
        Assert.True(found!.Verify(forge.Message, new RequestSigningKey(es256)).IsValid);
        Assert.True(found.Verify(forge.Message, new RequestSigningKey(ecdsa)).IsValid);
        Assert.Equal(MessageSignatureFault.UnsupportedAlgorithm, found.Verify(forge.Message, new RequestSigningKey(rs256)).Fault);
        Assert.Equal(MessageSignatureFault.BadSignature, found.Verify(forge.Message, MessageForge.Key).Fault);
        Assert.Equal(MessageSignatureFault.BadSignature, forge.Judge(input, forge.Sign(input, new RequestSigningKey(new byte[32]))));
    }

    [Theory]
    [InlineData("a\r\nb")]
    [InlineData("a\nb")]
    [InlineData("a\r\n b")]
    [InlineData("a\rb")]
    [InlineData("a\0b")]
    [InlineData("a\u007fb")]
    [InlineData("é")]
    [InlineData("\n")]
    public void Line_ends_and_control_characters_in_a_covered_field_make_it_a_bad_request(string value)
    {
        forge.Fields["x-a"] = [value];
        Assert.Equal(
            MessageSignatureFault.InvalidMessage,
            forge.Judge($"{MessageForge.Covered[..^1]} \"x-a\"){MessageForge.Parameters()}")
        );
    }

    [Fact]
    public void Key_and_nonce_tell_signatures_apart()
    {
        var proof = new MessageProof("k", "n", TokenForge.Now);
        Assert.Equal(proof.ReplayKey(), (proof with { KeepUntil = TokenForge.Now.AddDays(1) }).ReplayKey());
        MessageProof[] others = [proof with { KeyId = "x" }, proof with { Nonce = "x" }, new("kn", "", default), proof];
        Assert.Equal(4, others.Select(one => Convert.ToHexString(one.ReplayKey())).Distinct().Count());
        Assert.Equal(SHA256.HashData("k\nn"u8), proof.ReplayKey());
    }

    private static string Both(string first, string second) =>
        first.Length == 0 ? second
        : second.Length == 0 ? first
        : $"{first}, {second}";
}
